// A domain's kernel stands still in one hypercall, so that a toolstack may save it: it goes on there, or in
// another domain that has been made of its memory and its first VCPU, on whatever machine.
//
//   quiet: one CPU, no request to xenstore on its way
//   let go: shared_info and grant table are mapped nowhere; start_info names frames by this domain's own
//   numbers SHUTDOWN_suspend ... another domain: ports, grants, watches and the other ends of devices are
//   gone, time is another made anew: P2M (where the model has one), grant table, timer, console; then whoever
//   has devices looks for himself
#pragma once

// From a thread that has xenstore for itself. True: this is another domain. False: the toolstack has let the
// old one go on.
bool suspend();
