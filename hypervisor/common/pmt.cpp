#include "hypervisor/common/pmt.h"

#include "hypervisor/common/domain.h"
#include "hypervisor/common/domain_frames.h"
#include "hypervisor/common/domain_ref.h"
#include "hypervisor/common/guest_access.h"
#include "hypervisor/common/lib.h"
#include "hypervisor/common/m2p.h"
#include "hypervisor/common/memory_model.h"
#include "hypervisor/common/p2m.h"
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
                           {"attributes", XS_PMT_PLAIN, 0},
                           {"plain", 0, XS_PMT_PLAIN}};

void choose_word(const char* text, size_t length) {
  for (const Word& w : kWords)
    if (strlen(w.text) == length && strncmp(w.text, text, length) == 0) {
      chosen_form = (chosen_form & ~w.clear) | w.set;
      return;
    }
  panic("pmt=%s: of linear, tree, attributes, plain", text);
}

bool is_tree(const Pmt& pmt) { return (pmt.form & XS_PMT_TREE) != 0; }
bool is_plain(const Pmt& pmt) { return (pmt.form & XS_PMT_PLAIN) != 0; }
u64 entries_per_leaf(const Pmt& pmt) { return is_plain(pmt) ? kCopyEntries : kLeafEntries; }
u64 directories(const Pmt& pmt) { return is_tree(pmt) ? (pmt.leaves + kLeafEntries - 1) / kLeafEntries : 0; }
Mfn* copies(const Pmt& pmt) { return static_cast<Mfn*>(frame_to_virt(pmt.copies_table)); }

// --- one leaf --------------------------------------------------------------------------------------------
// The reader's P2M has its pages by now: this cannot fail.
void show(Pmt& pmt, u64 leaf, Mfn mfn) {
  Gfn at = pmt.place + leaf;
  if (is_tree(pmt)) {
    at = pmt.place + directories(pmt) + pmt.placed++;
    static_cast<u64*>(frame_to_virt(pmt.directory[leaf / kLeafEntries]))[leaf % kLeafEntries] = at;
  }
  translated_show(pmt.reader, at, mfn, 0);
}

Mfn new_page(Domain* reader, int fill) {
  const Mfn mfn = alloc_frame();
  if (mfn == kInvalidMfn) return mfn;
  memset(frame_to_virt(mfn), fill, kPageSize);
  share_frame_with_domain(mfn, reader);
  return mfn;
}

// The copy of leaf `leaf`; when there is no memory for it the reader finds nothing there.
Mfn copy_for(Pmt& pmt, u64 leaf) {
  Mfn& copy = copies(pmt)[leaf];
  if (copy == kInvalidMfn && (copy = new_page(pmt.reader, 0xff)) != kInvalidMfn) show(pmt, leaf, copy);
  return copy;
}

void write_copy(Pmt& pmt, Gfn gfn, u64 entry) {
  if (gfn / kCopyEntries >= pmt.leaves) return;
  if (copies(pmt)[gfn / kCopyEntries] == kInvalidMfn && !(entry & XS_P2M_PRESENT)) return;
  const Mfn copy = copy_for(pmt, gfn / kCopyEntries);
  if (copy == kInvalidMfn) return;
  const Mfn mfn = entry & XS_P2M_PRESENT ? p2m_entry_mfn(entry) : kInvalidMfn;
  auto* entries = static_cast<u32*>(frame_to_virt(copy));
  // A number that 32 bits cannot hold is not told.
  __atomic_store_n(entries + gfn % kCopyEntries, mfn < XS_PMT_NONE ? static_cast<u32>(mfn) : XS_PMT_NONE,
                   __ATOMIC_RELAXED);
}

// --- the whole -------------------------------------------------------------------------------------------
bool make_directories(Pmt& pmt) {
  for (u64 i = 0; i < directories(pmt); i++) {
    pmt.directory[i] = new_page(pmt.reader, 0);
    if (pmt.directory[i] == kInvalidMfn) return false;
    translated_show(pmt.reader, pmt.place + i, pmt.directory[i], 0);
  }
  return true;
}

bool make_copies(Domain* domain, Pmt& pmt) {
  pmt.copies_table = alloc_frames(Pmt::kCopiesOrder);
  if (pmt.copies_table == kInvalidMfn) return false;
  for (u64 i = 0; i < Pmt::kMostLeaves; i++) copies(pmt)[i] = kInvalidMfn;
  u64 entry;
  for (Gfn gfn = 0; p2m_next(domain->mm.p2m, gfn, entry) && gfn / kCopyEntries < pmt.leaves; gfn++)
    write_copy(pmt, gfn, entry);
  for (u64 i = 0; !is_tree(pmt) && i < pmt.leaves; i++)
    if (copy_for(pmt, i) == kInvalidMfn) return false;
  return true;
}

// Linear: every leaf there is room for exists; tree: those that do are shown.
bool show_leaves(Domain* domain, Pmt& pmt) {
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
  const bool made = make_directories(*pmt) && (!is_plain(*pmt) || make_copies(domain, *pmt));
  domain->mm.pmt = pmt;
  if (made && (is_plain(*pmt) || show_leaves(domain, *pmt))) return 0;
  pmt_end(domain);
  return -XEN_ENOMEM;
}

bool may_read(const Domain* reader, const DomainRef& domain) {
  const P2mReader own = reader->mm.model->p2m_reader, other = domain->mm.model->p2m_reader;
  if (reader == domain.get() && own == P2mReader::itself) return true;
  return reader->privileged && own != P2mReader::nobody && other != P2mReader::nobody;
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
  wanted.form = request.form = chosen_form;
  wanted.place = request.place;
  const u64 each = entries_per_leaf(wanted);
  if (request.gfns > Pmt::kMostLeaves * each) return -XEN_EINVAL;
  wanted.leaves = (request.gfns + each - 1) / each;
  wanted.frames = wanted.leaves + directories(wanted);
  const bool room = request.frames >= wanted.frames;
  request.frames = wanted.frames;
  if (!copy_to_guest(arg, request)) return -XEN_EFAULT;
  if (!room) return -XEN_ENOBUFS;
  MmGuard guard;
  if (domain->dying) return -XEN_EINVAL;
  pmt_end(domain.get());
  return wanted.leaves == 0 ? 0 : begin(domain.get(), wanted);
}

void pmt_leaf_made(Domain* domain, Gfn first, Mfn leaf) {
  Pmt* pmt = domain->mm.pmt;
  if (pmt != nullptr && !is_plain(*pmt) && first / kLeafEntries < pmt->leaves)
    show(*pmt, first / kLeafEntries, leaf);
}

void pmt_entry_changed(Domain* domain, Gfn gfn, u64 entry) {
  Pmt* pmt = domain->mm.pmt;
  if (pmt != nullptr && is_plain(*pmt)) write_copy(*pmt, gfn, entry);
}

void pmt_end(Domain* domain) {
  Pmt* pmt = domain->mm.pmt;
  if (pmt == nullptr) return;
  domain->mm.pmt = nullptr;
  for (u64 i = 0; i < pmt->frames; i++) translated_hide(pmt->reader, pmt->place + i);
  arch_translations_drop(pmt->reader);
  for (const Mfn mfn : pmt->directory)
    if (mfn != kInvalidMfn) unshare_frame(mfn);
  if (pmt->copies_table != kInvalidMfn) {
    for (u64 i = 0; i < pmt->leaves; i++)
      if (copies(*pmt)[i] != kInvalidMfn) unshare_frame(copies(*pmt)[i]);
    free_frames(pmt->copies_table, Pmt::kCopiesOrder);
  }
  release(pmt);
}

}  // namespace hv
