#include "hypervisor/common/pmt.h"

#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/m2p.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/p2m.h"
#include "hypervisor/common/planted.h"
#include "hypervisor/common/print.h"
#include "hypervisor/common/translated.h"

namespace hv {

namespace {
constexpr u64 kLeafEntries = kPageSize / sizeof(u64), kCopyEntries = kPageSize / sizeof(u32);
static_assert(Pmt::kMostLeaves * sizeof(Mfn) == kPageSize << Pmt::kCopiesOrder);

u32 chosen_form = 0;

struct Word {
  const char* text;
  u32 clear, set;
};
constexpr Word kWords[] = {{"linear", XS_PMT_TREE, 0},
                           {"tree", 0, XS_PMT_TREE},
                           {"attributes", XS_PMT_PLAIN | XS_PMT_WRITABLE, 0},
                           {"plain", XS_PMT_WRITABLE, XS_PMT_PLAIN},
                           {"writable", 0, XS_PMT_PLAIN | XS_PMT_WRITABLE}};

void choose_word(const char* text, size_t length) {
  for (const Word& w : kWords)
    if (strlen(w.text) == length && strncmp(w.text, text, length) == 0) {
      chosen_form = (chosen_form & ~w.clear) | w.set;
      return;
    }
  panic("pmt=%s: of linear, tree, attributes, plain, writable", text);
}

bool is_tree(const Pmt& pmt) { return (pmt.form & XS_PMT_TREE) != 0; }
bool is_plain(const Pmt& pmt) { return (pmt.form & XS_PMT_PLAIN) != 0; }
bool is_writable(const Pmt& pmt) { return (pmt.form & XS_PMT_WRITABLE) != 0; }
u64 entries_per_leaf(const Pmt& pmt) { return is_plain(pmt) ? kCopyEntries : kLeafEntries; }
u64 directories(const Pmt& pmt) { return is_tree(pmt) ? (pmt.leaves + kLeafEntries - 1) / kLeafEntries : 0; }
Mfn* copies(const Pmt& pmt) { return static_cast<Mfn*>(frame_to_virt(pmt.copies_table)); }

// --- one leaf --------------------------------------------------------------------------------------------
// The reader's P2M has its pages by now. A directory names a leaf when it can be read: the reader may be on
// another CPU.
void show(Pmt& pmt, u64 leaf, Mfn mfn) {
  const u64 rights = is_writable(pmt) ? XS_P2M_WRITABLE : 0;
  if (!is_tree(pmt)) return void(translated_show(pmt.reader, pmt.place + leaf, mfn, rights));
  // The place is taken first: the entry made there may ask for a leaf of its own.
  const Gfn at = pmt.place + directories(pmt) + pmt.placed++;
  if (translated_show(pmt.reader, at, mfn, rights) != 0) return;
  auto* names = static_cast<u64*>(frame_to_virt(pmt.directory[leaf / kLeafEntries]));
  __atomic_store_n(names + leaf % kLeafEntries, at, __ATOMIC_RELEASE);
}

// The hypervisor's own, like the leaves, so that no hypercall takes it for memory of the reader's.
Mfn new_page(int fill) {
  const Mfn mfn = alloc_frame();
  if (mfn == kInvalidMfn) return mfn;
  memset(frame_to_virt(mfn), fill, kPageSize);
  frame_set_type_info(mfn, type_bits(XS_FRAME_P2M));
  return mfn;
}

void free_page(Mfn mfn) {
  m2p_set(mfn, XS_M2P_INVALID);
  frame_set_type_info(mfn, 0);
  free_frame(mfn);
}

// One that the reader may write is shared with it, like a page of its grant table.
Mfn new_copy(const Pmt& pmt) {
  if (!is_writable(pmt)) return new_page(0xff);
  const Mfn mfn = alloc_frame();
  if (mfn == kInvalidMfn) return mfn;
  memset(frame_to_virt(mfn), 0xff, kPageSize);
  share_frame_with_domain(mfn, pmt.reader);
  return mfn;
}

void free_copy(const Pmt& pmt, Mfn mfn) {
  if (!is_writable(pmt)) return free_page(mfn);
  m2p_set(mfn, XS_M2P_INVALID);
  unshare_frame(mfn);
}

u32* copy_entries(const Pmt& pmt, u64 leaf) { return static_cast<u32*>(frame_to_virt(copies(pmt)[leaf])); }

// The copy of leaf `leaf` as the P2M is now, if there is memory for it.
bool make_copy(const Domain* domain, Pmt& pmt, u64 leaf) {
  const Mfn copy = copies(pmt)[leaf] = new_copy(pmt);
  if (copy == kInvalidMfn) return false;
  const Gfn end = (leaf + 1) * kCopyEntries;
  u64 entry;
  for (Gfn gfn = leaf * kCopyEntries; p2m_next(domain->mm.p2m, gfn, entry) && gfn < end; gfn++)
    copy_entries(pmt, leaf)[gfn % kCopyEntries] = pmt_plain_entry(entry);
  show(pmt, leaf, copy);
  return true;
}

void write_copy(const Domain* domain, Pmt& pmt, Gfn gfn, u64 entry) {
  const u64 leaf = gfn / kCopyEntries;
  if (leaf >= pmt.leaves) return;
  if (u32* place = pmt_place(pmt, gfn))
    __atomic_store_n(place, pmt_plain_entry(entry), __ATOMIC_RELAXED);
  else if (entry & XS_P2M_PRESENT)
    make_copy(domain, pmt, leaf);
}

// --- the whole -------------------------------------------------------------------------------------------
bool make_directories(Pmt& pmt) {
  for (u64 i = 0; i < directories(pmt); i++) {
    pmt.directory[i] = new_page(0);
    if (pmt.directory[i] == kInvalidMfn) return false;
    translated_show(pmt.reader, pmt.place + i, pmt.directory[i], 0);
  }
  return true;
}

// Of copies, none of which is there.
Mfn new_list() {
  const Mfn list = alloc_frames(Pmt::kCopiesOrder);
  auto* entries = list == kInvalidMfn ? nullptr : static_cast<Mfn*>(frame_to_virt(list));
  for (u64 i = 0; entries != nullptr && i < Pmt::kMostLeaves; i++) entries[i] = kInvalidMfn;
  return list;
}

// Linear: a copy of every leaf; tree: of those with entries.
bool make_copies(const Domain* domain, Pmt& pmt) {
  for (u64 i = 0; i < pmt.leaves; i++) {
    Gfn first = i * kCopyEntries;
    u64 entry;
    const bool any = p2m_next(domain->mm.p2m, first, entry) && first < (i + 1) * kCopyEntries;
    if (copies(pmt)[i] == kInvalidMfn && (any || !is_tree(pmt)) && !make_copy(domain, pmt, i)) return false;
  }
  return true;
}

// Linear: every leaf there is room for exists; tree: those that do are shown. Superpages have none.
bool show_leaves(Domain* domain, Pmt& pmt) {
  for (u64 i = 0; i < pmt.leaves; i++)
    if (p2m_shatter(domain, i * kLeafEntries, XS_SHATTERED_EXPOSED) != 0) return false;
  if (!is_tree(pmt) && p2m_reserve(domain, 0, pmt.leaves * kLeafEntries) != 0) return false;
  for (u64 i = 0; i < pmt.leaves; i++) {
    const Mfn leaf = p2m_leaf(domain->mm.p2m, i * kLeafEntries);
    if (leaf != kInvalidMfn && m2p_get(leaf) == XS_M2P_INVALID) show(pmt, i, leaf);
  }
  return true;
}

long begin(Domain* domain, Pmt& wanted) {
  Domain* reader = wanted.reader;
  Gfn used = wanted.place;
  u64 entry;
  if (wanted.place >= P2m::kGfns || wanted.frames > P2m::kGfns - wanted.place) return -XEN_EINVAL;
  if (p2m_next(reader->mm.p2m, used, entry) && used < wanted.place + wanted.frames) return -XEN_EINVAL;
  if (p2m_reserve(reader, wanted.place, wanted.frames) != 0) return -XEN_ENOMEM;
  Pmt* pmt = make<Pmt>();
  if (pmt == nullptr) return -XEN_ENOMEM;
  *pmt = wanted;
  for (Mfn& mfn : pmt->directory) mfn = kInvalidMfn;
  // Entries that are made from here on, for the table's own pages too, are told.
  const bool made =
      make_directories(*pmt) && (!is_plain(*pmt) || (pmt->copies_table = new_list()) != kInvalidMfn);
  domain->mm.pmt = pmt;
  if (made && (is_plain(*pmt) ? make_copies(domain, *pmt) : show_leaves(domain, *pmt))) return 0;
  pmt_end(domain);
  return -XEN_ENOMEM;
}

bool may_read(const Domain* reader, const DomainRef& domain) {
  if (planted(Bug::p2m_to_anybody) && reader == domain.get() && !reader->privileged) return true;
  const P2mReader own = reader->mm.model->p2m_reader, other = domain->mm.model->p2m_reader;
  if (reader == domain.get() && pmt_reads_own(reader)) return true;
  return reader->privileged && own != P2mReader::nobody && other != P2mReader::nobody;
}

// Dom0 alone writes, and its own table alone.
u32 form_for(const Domain* reader, const Domain* domain) {
  const bool may_write =
      reader == domain && reader->privileged && reader->mm.model->p2m_reader == P2mReader::privileged;
  return may_write ? chosen_form : chosen_form & ~XS_PMT_WRITABLE;
}

// As many as a domain of that size warrants, as for the P2M's own pages: a table is the machine's memory.
u64 most_leaves(const Domain* domain, u64 each) {
  constexpr u64 kSpare = 64;
  return min_of(Pmt::kMostLeaves, 2 * (domain->mm.max_pages / each) + kSpare);
}
}  // namespace

void pmt_choose(const char* words) {
  for (const char* word = words;;) {
    size_t length = 0;
    while (word[length] != 0 && word[length] != ',') length++;
    choose_word(word, length);
    if (word[length] == 0) return;
    word += length + 1;
  }
}

long pmt_expose(Vaddr arg) {
  xs_expose_p2m request;
  if (!copy_from_guest(request, arg)) return -XEN_EFAULT;
  Domain* reader = current()->domain;
  const DomainRef domain(request.domid);
  if (!domain) return -XEN_ESRCH;
  if (!may_read(reader, domain)) return -XEN_EPERM;
  Pmt wanted;
  wanted.reader = reader;
  wanted.form = request.form = form_for(reader, domain.get());
  wanted.place = request.place;
  const u64 each = entries_per_leaf(wanted);
  if (request.gfns > Pmt::kMostLeaves * each) return -XEN_EINVAL;
  wanted.leaves = (request.gfns + each - 1) / each;
  if (wanted.leaves > most_leaves(domain.get(), each)) return -XEN_EINVAL;
  wanted.frames = wanted.leaves + directories(wanted);
  const bool room = request.frames >= wanted.frames;
  request.frames = wanted.frames;
  if (!copy_to_guest(arg, request)) return -XEN_EFAULT;
  if (!room) return -XEN_ENOBUFS;
  MmGuard guard;
  if (domain->dying) return -XEN_EINVAL;
  if (domain->mm.pmt != nullptr && domain->mm.pmt->reader != reader) return -XEN_EBUSY;
  pmt_end(domain.get());
  return wanted.leaves == 0 ? 0 : begin(domain.get(), wanted);
}

bool pmt_reads_own(const Domain* domain) {
  const P2mReader reader = domain->mm.model->p2m_reader;
  return reader == P2mReader::itself || (reader == P2mReader::privileged && domain->privileged);
}

void pmt_leaf_made(Domain* domain, Gfn first, Mfn leaf) {
  Pmt* pmt = domain->mm.pmt;
  if (pmt != nullptr && !is_plain(*pmt) && first / kLeafEntries < pmt->leaves)
    show(*pmt, first / kLeafEntries, leaf);
}

bool pmt_shows_leaf(const Domain* domain, Gfn gfn) {
  const Pmt* pmt = domain->mm.pmt;
  return pmt != nullptr && !is_plain(*pmt) && gfn / kLeafEntries < pmt->leaves;
}

void pmt_entry_changed(Domain* domain, Gfn gfn, u64 entry) {
  Pmt* pmt = domain->mm.pmt;
  if (pmt != nullptr && is_plain(*pmt)) write_copy(domain, *pmt, gfn, entry);
}

u32 pmt_plain_entry(u64 entry) {
  // A number that 32 bits cannot hold is not told.
  const Mfn mfn = entry & XS_P2M_PRESENT ? p2m_entry_mfn(entry) : kInvalidMfn;
  return mfn < XS_PMT_NONE ? static_cast<u32>(mfn) : XS_PMT_NONE;
}

Pmt* pmt_written(const Domain* domain) {
  Pmt* pmt = domain->mm.pmt;
  return pmt != nullptr && pmt->reader == domain && is_writable(*pmt) ? pmt : nullptr;
}

u32* pmt_place(const Pmt& pmt, Gfn gfn) {
  const u64 leaf = gfn / kCopyEntries;
  if (leaf >= pmt.leaves || copies(pmt)[leaf] == kInvalidMfn) return nullptr;
  return copy_entries(pmt, leaf) + gfn % kCopyEntries;
}

void pmt_end(Domain* domain) {
  Pmt* pmt = domain->mm.pmt;
  if (pmt == nullptr) return;
  domain->mm.pmt = nullptr;
  for (u64 i = 0; i < pmt->frames; i++) translated_hide(pmt->reader, pmt->place + i, is_writable(*pmt));
  arch_translations_drop(pmt->reader);
  for (const Mfn mfn : pmt->directory)
    if (mfn != kInvalidMfn) free_page(mfn);
  if (pmt->copies_table != kInvalidMfn) {
    for (u64 i = 0; i < pmt->leaves; i++)
      if (copies(*pmt)[i] != kInvalidMfn) free_copy(*pmt, copies(*pmt)[i]);
    free_frames(pmt->copies_table, Pmt::kCopiesOrder);
  }
  release(pmt);
}

}  // namespace hv
