#include "guests/kernel/process.h"

#include "guests/kernel/arch_thread.h"
#include "guests/kernel/frames.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/operator/boot_word.h"
#include "guests/kernel/platform.h"
#include "guests/kernel/programs.h"
#include "guests/lib/console.h"
#include "guests/lib/elf_image.h"
#include "guests/lib/errno.h"
#include "guests/lib/string.h"

namespace {
Process* all_processes;
u32 next_id = 1;
u64 alive;
WaitQueue ends;

void link_process(Process* p) {
  p->id = next_id++;
  p->next = all_processes;
  all_processes = p;
  alive++;
}

void unlink_process(Process* p) {
  for (Process** at = &all_processes; *at; at = &(*at)->next)
    if (*at == p) {
      *at = p->next;
      return;
    }
}

void free_process(Process* p) {
  unlink_process(p);
  heap_free(p->fork_frame);
  heap_free(p);
}

// Frames for a page of user memory. While the guest is short of memory the process waits: the balloon may
// give some back.
Pfn user_frame(Process& p) {
  for (;;) {
    Pfn pfn = frames_alloc(user_page_frames(), user_page_frames());
    if (pfn != invalid_frame) return pfn;
    p.oom_waits++;
    sleep_ns(50 * ns_per_ms);
  }
}

long add_page(Process& p, u64 va, bool writable, bool executable, Pfn& pfn) {
  pfn = user_frame(p);
  memset(frame_va(pfn), 0, user_page_bytes());
  long error;
  while ((error = space_map(p.space, va, {pfn, writable, executable})) == -XEN_ENOMEM)
    sleep_ns(50 * ns_per_ms);
  if (error)
    frames_free(pfn);
  else
    p.resident_pages++;
  return error;
}

bool add_region(Process& p, u64 first, u64 end) {
  if (p.region_count == user_regions_max) return false;
  p.regions[p.region_count++] = {first, end};
  return true;
}

bool load_segment(void* context, const ElfSegment& s) {
  auto& p = *static_cast<Process*>(context);
  const u64 bytes = user_page_bytes();
  for (u64 va = align_down(s.va, bytes); va < s.va + s.memory_bytes; va += bytes) {
    Pfn pfn;
    UserPage page;
    if (space_lookup(p.space, va, page))
      pfn = page.pfn;
    else if (add_page(p, va, s.writable, s.executable, pfn))
      return false;
    elf_copy_part(s, va, bytes, frame_va(pfn));
  }
  return true;
}

Process* new_process(const char* name) {
  Process* p = heap_new<Process>();
  if (!p) return nullptr;
  copy_string(p->name, sizeof p->name, name);
  p->heap_next = user_heap_base;
  if (space_create(p->space)) {
    link_process(p);
    return p;
  }
  heap_free(p);
  return nullptr;
}

void destroy_unstarted(Process* p) {
  space_destroy(p->space);
  alive--;
  free_process(p);
}

void start_program(void* context) {
  auto* p = static_cast<Process*>(context);
  arch_enter_user(p->entry, user_stack_top, p->argument);
}

void start_forked(void* context) { arch_enter_forked(static_cast<Process*>(context)->fork_frame); }

// Runs on the dying process's own thread, whose kernel stack does not belong to the space.
[[noreturn]] void end_process(Process* p, s64 code) {
  arch_unload_process();
  space_destroy(p->space);
  p->exited = true;
  p->exit_code = code;
  p->thread = nullptr;
  alive--;
  for (Process *c = all_processes, *next; c; c = next) {
    next = c->next;
    if (c->parent != p) continue;
    c->parent = nullptr;
    if (c->exited) free_process(c);
  }
  current_thread()->process = nullptr;
  wake_all(ends);
  if (p->parent)
    wake_all(p->parent->child_exit);
  else
    free_process(p);
  thread_exit();
}

bool read_user(const Process& p, u64 va, char* to, u64 bytes) {
  while (bytes) {
    UserPage page;
    if (va >= user_va_end || !space_lookup(p.space, va, page)) return false;
    const u64 offset = va % user_page_bytes(), n = min_of(bytes, user_page_bytes() - offset);
    memcpy(to, static_cast<const u8*>(frame_va(page.pfn)) + offset, n);
    to += n, va += n, bytes -= n;
  }
  return true;
}

s64 do_write(Process& p, u64 text, u64 length) {
  char line[console_line_max - 32];
  if (length >= sizeof line) return -XEN_EINVAL;
  if (!read_user(p, text, line, length)) return -XEN_EFAULT;
  line[length] = 0;
  print_line("%s[%u]: %s", p.name, p.id, line);
  return static_cast<s64>(length);
}

// Programs reckon in pages of 4 KiB; what they get is whole pages of the kernel's.
u64 region_bytes(u64 pages) { return align_up(pages * page_bytes, user_page_bytes()); }

s64 do_map(Process& p, u64 pages) {
  u64 bytes = region_bytes(pages);
  if (!pages || pages > (user_heap_end - user_heap_base) / page_bytes || bytes > user_heap_end - p.heap_next)
    return -XEN_ENOMEM;
  u64 va = p.heap_next;
  if (!add_region(p, va, va + bytes)) return -XEN_ENOMEM;
  p.heap_next += bytes;
  return static_cast<s64>(va);
}

s64 do_unmap(Process& p, u64 va, u64 pages) {
  u64 end = va + region_bytes(pages);
  for (unsigned i = 0; i < p.region_count; i++) {
    UserRegion& r = p.regions[i];
    if (r.first != va || r.end != end) continue;
    for (; va < end; va += user_page_bytes()) {
      Pfn pfn = space_unmap(p.space, va);
      if (pfn == invalid_frame) continue;
      frames_free(pfn);
      p.resident_pages--;
    }
    r = p.regions[--p.region_count];
    // The highest region gives its addresses back too.
    if (end == p.heap_next) p.heap_next = end - region_bytes(pages);
    return 0;
  }
  return -XEN_EINVAL;
}

struct CopyContext {
  Process* child;
  long error;
};

bool copy_page(void* context, u64 va, const UserPage& page) {
  auto& c = *static_cast<CopyContext*>(context);
  Pfn pfn;
  c.error = add_page(*c.child, va, page.writable, page.executable, pfn);
  if (!c.error) memcpy(frame_va(pfn), frame_va(page.pfn), user_page_bytes());
  return !c.error;
}

s64 do_fork(Process& parent, const void* frame, u64 frame_bytes) {
  Process* child = new_process(parent.name);
  if (!child) return -XEN_ENOMEM;
  memcpy(child->regions, parent.regions, sizeof child->regions);
  child->region_count = parent.region_count;
  child->heap_next = parent.heap_next;
  CopyContext context{child, 0};
  space_visit(parent.space, copy_page, &context);
  child->fork_frame = heap_alloc(frame_bytes);
  if (!context.error && child->fork_frame) {
    memcpy(child->fork_frame, frame, frame_bytes);
    child->thread = thread_create(child->name, start_forked, child, child);
  }
  if (!child->thread) {
    destroy_unstarted(child);
    return context.error ? context.error : -XEN_ENOMEM;
  }
  child->parent = &parent;
  return child->id;
}

s64 do_wait(Process& p) {
  for (;;) {
    bool any = false;
    for (Process* c = all_processes; c; c = c->next) {
      if (c->parent != &p) continue;
      any = true;
      if (!c->exited) continue;
      s64 code = c->exit_code;
      free_process(c);
      return code;
    }
    if (!any) return -XEN_ENOENT;
    wait_on(p.child_exit);
  }
}
}  // namespace

Process* process_start(const char* program, u64 argument) {
  const Program* image = find_program(program);
  if (!image) return nullptr;
  ElfImage elf;
  if (elf_open(elf, image->first, image->bytes())) return nullptr;
  Process* p = new_process(program);
  if (!p) return nullptr;
  p->entry = elf.entry;
  p->argument = argument;
  if (elf_visit_segments(elf, load_segment, p) &&
      add_region(*p, user_stack_top - user_stack_pages * page_bytes, user_stack_top))
    p->thread = thread_create(program, start_program, p, p);
  if (p->thread) return p;
  destroy_unstarted(p);
  return nullptr;
}

static void start_or_say(const char* program) {
  if (!process_start(program, 0)) print_line("kernel: program %s cannot be started", program);
}

void process_join(u32 id) {
  for (;;) {
    const Process* p = all_processes;
    while (p && p->id != id) p = p->next;
    if (!p) return;
    wait_on(ends);
  }
}

void start_test_programs() {
  char which[8];
  if (boot_word(platform.command_line(), "programs", which, sizeof which) && !strcmp(which, "none")) return;
  start_or_say("forker");
  start_or_say("worker");
}

s64 process_syscall(u64 number, u64 a1, u64 a2, u64, const void* frame, u64 frame_bytes) {
  Process& p = *current_thread()->process;
  switch (number) {
    case sys_exit:
      end_process(&p, static_cast<s64>(a1));
    case sys_write:
      return do_write(p, a1, a2);
    case sys_yield:
      thread_yield();
      return 0;
    case sys_sleep:
      sleep_ns(a1);
      return 0;
    case sys_time:
      return static_cast<s64>(now_ns());
    case sys_map:
      return do_map(p, a1);
    case sys_unmap:
      return do_unmap(p, a1, a2);
    case sys_fork:
      return do_fork(p, frame, frame_bytes);
    case sys_wait:
      return do_wait(p);
    case sys_id:
      return p.id;
    case sys_forget:
      if (a1 >= user_va_end) return -XEN_EINVAL;
      space_forget(a1);
      return 0;
    default:
      return -XEN_ENOSYS;
  }
}

void process_page_fault(u64 va, bool) {
  Process& p = *current_thread()->process;
  if (va >= user_va_end) process_kill("no memory there", va);
  u64 page = align_down(va, user_page_bytes());
  UserPage present;
  if (space_lookup(p.space, page, present)) process_kill("access refused", va);
  for (unsigned i = 0; i < p.region_count; i++) {
    if (va < p.regions[i].first || va >= p.regions[i].end) continue;
    Pfn pfn;
    if (long error = add_page(p, page, true, false, pfn)) process_kill(errno_name(error), va);
    return;
  }
  process_kill("no memory there", va);
}

void process_kill(const char* reason, u64 address) {
  Process* p = current_thread()->process;
  print_line("%s[%u]: killed: %s at 0x%lx", p->name, p->id, reason, address);
  end_process(p, -1);
}

u64 processes_alive() { return alive; }
