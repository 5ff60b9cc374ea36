#include "detect/sigma/evtx_child.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <libevtx.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "detect/sigma/evtx.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SHIELDWALL_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SHIELDWALL_SANITIZED 1
#endif
#endif

namespace shieldwall::detect::sigma {

namespace {

void limit(int what, rlim_t most) {
  const rlimit both = {most, most};
  ::setrlimit(static_cast<__rlimit_resource>(what), &both);
}

/// From here on: memory, reading, writing, the end. Files open for reading only, since libevtx opens its own.
void allow_only_reading() {
#if defined(__x86_64__) && !defined(SHIELDWALL_SANITIZED)
  constexpr int allowed[] = {SYS_read,
                             SYS_write,
                             SYS_close,
                             SYS_lseek,
                             SYS_pread64,
                             SYS_fstat,
                             SYS_newfstatat,
                             SYS_brk,
                             SYS_mmap,
                             SYS_munmap,
                             SYS_mremap,
                             SYS_mprotect,
                             SYS_madvise,
                             SYS_futex,
                             SYS_exit,
                             SYS_exit_group,
                             SYS_getrandom,
                             SYS_clock_gettime};
  sock_filter program[std::size(allowed) * 2 + 12];
  std::size_t size = 0;
  const auto add = [&](sock_filter one) { program[size++] = one; };
  add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
  add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0));
  add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (const int call : allowed) {
    add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(call), 0, 1));
    add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  }
  add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3));
  add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])));
  add(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC, 1, 0));
  add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1));
  const sock_fprog whole = {static_cast<unsigned short>(size), program};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole);
#endif
}

void give_up_rights() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  limit(RLIMIT_CORE, 0);
#if !defined(SHIELDWALL_SANITIZED)  // sanitizers map terabytes of shadow
  limit(RLIMIT_AS, evtx_memory_bytes_max);
#endif
  allow_only_reading();
}

void write_all(int out, const void* bytes, std::size_t size) {
  const char* at = static_cast<const char*>(bytes);
  while (size > 0) {
    const auto written = ::write(out, at, size);
    if (written <= 0) ::_exit(0);  // the parent has gone, or wants no more
    at += written;
    size -= static_cast<std::size_t>(written);
  }
}

void tell(int out, std::uint64_t record, std::uint32_t bytes) {
  const EvtxHeader header{.record = record, .bytes = bytes};
  write_all(out, &header, sizeof header);
}

/// The XML of a record, without the zero behind it; false when it has none.
bool render(libevtx_record_t* record, std::string& xml) {
  std::size_t size = 0;
  if (libevtx_record_get_utf8_xml_string_size(record, &size, nullptr) != 1) return false;
  if (size < 2 || size > evtx_xml_bytes_max) return false;
  xml.assign(size, '\0');
  if (libevtx_record_get_utf8_xml_string(
          record, reinterpret_cast<std::uint8_t*>(xml.data()), size, nullptr) != 1)
    return false;
  xml.resize(xml.find('\0') == xml.npos ? size : xml.find('\0'));
  return !xml.empty();
}

void write_records(libevtx_file_t* file, int out) {
  int count = 0;
  if (libevtx_file_get_number_of_records(file, &count, nullptr) != 1) count = 0;
  std::string xml;
  for (int i = 0; i < count; ++i) {
    libevtx_record_t* record = nullptr;
    std::uint64_t id = 0;
    const bool got = libevtx_file_get_record_by_index(file, i, &record, nullptr) == 1;
    if (got) libevtx_record_get_identifier(record, &id, nullptr);
    if (got && render(record, xml)) {
      tell(out, id, static_cast<std::uint32_t>(xml.size()));
      write_all(out, xml.data(), xml.size());
    } else {
      tell(out, id, EvtxHeader::broken);
    }
    if (record != nullptr) libevtx_record_free(&record, nullptr);
  }
  tell(out, 0, EvtxHeader::end);
}

}  // namespace

void run_evtx_child(int file, int out) {
  give_up_rights();
  char path[32];
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  libevtx_file_t* events = nullptr;
  if (libevtx_file_initialize(&events, nullptr) == 1 &&
      libevtx_file_open(events, path, LIBEVTX_OPEN_READ, nullptr) == 1)
    write_records(events, out);
  else
    tell(out, 0, EvtxHeader::not_evtx);
  ::_exit(0);
}

}  // namespace shieldwall::detect::sigma
