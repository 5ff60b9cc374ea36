#include "detect/sigma/evtx.h"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "detect/sigma/evtx_child.h"

namespace shieldwall::detect::sigma {

struct EvtxEvents::Child {
  pid_t pid = -1;
  int pipe = -1;
  bool ended = false;

  Child(pid_t child, int from) : pid(child), pipe(from) {}
  Child(const Child&) = delete;
  ~Child() {
    ::close(pipe);
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
};

EvtxEvents::EvtxEvents(std::unique_ptr<Child> child) : child_(std::move(child)) {}
EvtxEvents::~EvtxEvents() = default;
EvtxEvents::EvtxEvents(EvtxEvents&&) noexcept = default;

Result<EvtxEvents> EvtxEvents::start(int file) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return fail(ErrorCode::unavailable, "no pipe for the EVTX reader: {}", std::strerror(errno));
  const auto pid = ::fork();
  if (pid == 0) run_evtx_child(file, ends[1]);
  const int why = errno;
  ::close(ends[1]);
  if (pid > 0) return EvtxEvents(std::make_unique<Child>(pid, ends[0]));
  ::close(ends[0]);
  return fail(ErrorCode::unavailable, "no process for the EVTX reader: {}", std::strerror(why));
}

Result<EvtxEvents> EvtxEvents::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    const auto code = errno == ENOENT   ? ErrorCode::not_found
                      : errno == EACCES ? ErrorCode::denied
                                        : ErrorCode::unavailable;
    return fail(code, "{}: does not open: {}", path, std::strerror(errno));
  }
  auto events = start(file);
  ::close(file);
  return events;
}

Result<EvtxEvents> EvtxEvents::of_bytes(std::string_view bytes) {
  const int file = ::memfd_create("evtx", MFD_CLOEXEC);
  if (file < 0)
    return fail(ErrorCode::unavailable, "no memory file for the EVTX reader: {}", std::strerror(errno));
  for (std::size_t at = 0; at < bytes.size();) {
    const auto written = ::write(file, bytes.data() + at, bytes.size() - at);
    if (written <= 0) {
      ::close(file);
      return fail(ErrorCode::exhausted, "no memory for an unpacked EVTX file of {} bytes", bytes.size());
    }
    at += static_cast<std::size_t>(written);
  }
  auto events = start(file);
  ::close(file);
  return events;
}

std::unexpected<Error> EvtxEvents::ended_early() {
  child_->ended = true;
  return fail(ErrorCode::invalid,
              "damaged: the EVTX reader gave up after {} events and {} broken records",
              events_,
              broken_);
}

/// False when the child closed the pipe before the first byte.
Result<bool> EvtxEvents::read_exactly(char* into, std::size_t size) {
  std::size_t have = 0;
  while (have < size) {
    pollfd waiting = {.fd = child_->pipe, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, evtx_record_ms_max);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) {
      child_->ended = true;
      return fail(
          ErrorCode::unavailable, "the EVTX reader did not answer for {} s", evtx_record_ms_max / 1000);
    }
    const auto read = ::read(child_->pipe, into + have, size - have);
    if (read < 0 && errno == EINTR) continue;
    if (read <= 0) {
      if (have == 0) return false;
      return ended_early();
    }
    have += static_cast<std::size_t>(read);
  }
  return true;
}

Result<bool> EvtxEvents::next(Record& event) {
  while (!child_->ended) {
    EvtxHeader header;
    if (!TRY(read_exactly(reinterpret_cast<char*>(&header), sizeof header))) return ended_early();
    if (header.bytes == EvtxHeader::end) child_->ended = true;
    if (header.bytes == EvtxHeader::not_evtx) {
      child_->ended = true;
      return fail(ErrorCode::invalid, "is not an EVTX file, or its header is damaged");
    }
    if (header.bytes > evtx_xml_bytes_max) {
      if (header.bytes == EvtxHeader::broken) ++broken_;
      continue;
    }
    xml_.resize(header.bytes);
    if (!TRY(read_exactly(xml_.data(), xml_.size()))) return ended_early();
    event.line = header.record;
    event.is_prose = false;
    if (!xml_reader_.read(xml_, event)) {
      ++broken_;
      continue;
    }
    ++events_;
    return true;
  }
  return false;
}

}  // namespace shieldwall::detect::sigma
