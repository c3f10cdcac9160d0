// Translations of every region are forgotten, but for those in translation registers.
#pragma once

void tlb_purge_all();
