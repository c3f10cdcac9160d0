#include "guests/kernel/dom0/create.h"

#include "guests/kernel/dom0/autoballoon.h"
#include "guests/kernel/dom0/domain_builder.h"
#include "guests/kernel/heap.h"
#include "guests/kernel/operator/archive.h"
#include "guests/kernel/operator/operator.h"
#include "guests/lib/domctl.h"
#include "guests/lib/errno.h"
#include "guests/lib/format.h"

namespace {
constexpr u32 vcpus_max = 8;

bool number_of(const CommandLine& c, const char* key, u64 smallest, u64 largest, u64& value, Status& status) {
  const char* text = c.value(key);
  if (!text) return true;
  if (parse_number(text, value) && value >= smallest && value <= largest) return true;
  status.fail(-XEN_EINVAL, "%s=%s is not between %lu and %lu", key, text, smallest, largest);
  return false;
}

bool text_of(const CommandLine& c, const char* key, char* to, size_t size, Status& status) {
  const char* text = c.value(key);
  if (text && *text && copy_string(to, size, text)) return true;
  if (text && *text)
    status.fail(-XEN_EINVAL, "%s is longer than %lu characters", key, size - 1);
  else
    status.fail(-XEN_EINVAL, "%s= is missing", key);
  return false;
}

}  // namespace

bool domain_name_ok(const char* name, Status& status) {
  u64 number;
  if (!*name)
    status.fail(-XEN_EINVAL, "a domain needs a name");
  else if (parse_number(name, number))
    status.fail(-XEN_EINVAL, "a name must not be a number");
  else if (!strcmp(name, "Domain-0") || !strcmp(name, "dom0") || domain_find(name))
    status.fail(-XEN_EEXIST, "domain %s exists already", name);
  return !status.error;
}

namespace {

// Models that this toolstack builds domains for; the hypervisor has the last word.
bool model_named(const char* name, xs_memory_model& model) {
  struct Named {
    const char* name;
    xs_memory_model model;
  };
  static constexpr Named all[] = {{"direct", XS_MODEL_DIRECT},
                                  {"translated", XS_MODEL_TRANSLATED},
                                  {"dom0_pmt", XS_MODEL_DOM0_PMT},
                                  {"exposed", XS_MODEL_EXPOSED}};
  for (const Named& n : all)
    if (!strcmp(name, n.name)) {
      model = n.model;
      return true;
    }
  return false;
}

bool read_config(const CommandLine& c, DomainConfig& config, Status& status) {
  static const char* const keys[] = {"name",  "kernel", "memory", "maxmem", "vcpus",
                                     "model", "paused", "extra",  "type",   "shadow_memory"};
  if (const char* word = c.unknown_key(keys, count_of(keys))) {
    status.fail(-XEN_EINVAL, "unknown argument %s", word);
    return false;
  }
  if (!text_of(c, "name", config.name, sizeof config.name, status) || !domain_name_ok(config.name, status))
    return false;
  if (!text_of(c, "kernel", config.kernel, sizeof config.kernel, status)) return false;
  u64 memory = 0, maximum = 0, vcpus = 1, paused = 0, shadow = 0;
  constexpr u64 largest = 1 << 20;  // MiB
  if (!number_of(c, "memory", 1, largest, memory, status) ||
      !number_of(c, "maxmem", 1, largest, maximum, status) ||
      !number_of(c, "vcpus", 1, vcpus_max, vcpus, status) || !number_of(c, "paused", 0, 1, paused, status) ||
      !number_of(c, "shadow_memory", 1, largest, shadow, status))
    return false;
  if (!memory)
    status.fail(-XEN_EINVAL, "memory= is missing");
  else if (maximum && maximum < memory)
    status.fail(-XEN_EINVAL, "maxmem is smaller than memory");
  config.model = arch_domain_model;
  const char* model = c.value("model");
  if (model && !model_named(model, config.model))
    status.fail(-XEN_EOPNOTSUPP, "memory model %s is not available", model);
  const char* type = c.value("type");
  if (type && strcmp(type, "pv")) status.fail(-XEN_EOPNOTSUPP, "domain type %s is not available", type);
  if (c.value("extra") && !copy_string(config.extra, sizeof config.extra, c.value("extra")))
    status.fail(-XEN_EINVAL, "extra is longer than %lu characters", sizeof config.extra - 1);
  config.memory_kib = memory * KiB;
  config.max_memory_kib = max_of(memory, maximum) * KiB;
  config.shadow_mib = shadow;
  config.vcpus = static_cast<u32>(vcpus);
  config.paused = paused;
  return !status.error;
}

// Members carry their file name; the suffix may be left out.
void* load_kernel(const char* name, ArchiveMember& member, Status& status) {
  long error = archive_find(name, member);
  if (error == -XEN_ENOENT) {
    char with_suffix[80];
    format(with_suffix, sizeof with_suffix, "%s.elf", name);
    error = archive_find(with_suffix, member);
  }
  void* file = error ? nullptr : archive_load(member, error);
  if (file) return file;
  if (error == -XEN_ENOENT)
    status.fail(error, "dom0's disk holds no file %s", name);
  else if (error == -XEN_ENXIO)
    status.fail(error, "dom0 has no disk");
  else if (error == -XEN_EILSEQ)
    status.fail(error, "dom0's disk is no intact ustar archive");
  else
    status.fail(error, "%s cannot be read", name);
  return nullptr;
}
}  // namespace

void do_create(const CommandLine& c, Status& status) {
  DomainConfig config{};
  // Before anything is created: the common case then leaves no trace and names the sizes.
  if (!read_config(c, config, status) || !make_room(config, status)) return;
  ArchiveMember member;
  void* file = load_kernel(config.kernel, member, status);
  if (!file) return;
  ElfImage elf;
  long error = elf_open(elf, file, member.bytes);
  const char* sentence = "the kernel is no ELF64 image for this machine";
  Domain* d = error ? nullptr : domain_build(config, elf, error, sentence);
  heap_free(file);
  if (!d) return status.fail(error, "%s", sentence);
  operator_print("domain %u %s", d->id, d->name);
  if (config.paused) return;
  u32 id = d->id;
  if ((error = domctl_simple(XEN_DOMCTL_unpausedomain, id))) {
    domain_destroy(d);
    status.fail(error, "domain %u cannot be started", id);
  }
}
