#include "detect/watch/tail.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "detect/files.h"
#include "detect/sigma/evtx.h"
#include "wire/compression.h"

namespace shieldwall::detect {

namespace {

constexpr std::size_t block_bytes = 256u << 10;
constexpr std::size_t magic_bytes = 6;  // that the longest mark of a packed file has
constexpr std::size_t sniffed_bytes = 64u << 10;
constexpr std::size_t header_bytes_max = 64u << 10;
constexpr std::size_t row_bytes_max = 1u << 20;  // of a CSV row whose quote stays open
constexpr std::uint64_t unsure_lines = 20;       // a log that began as running text may show what it is

std::unexpected<Error> io_error(const std::string& path, int code) {
  const auto kind = code == ENOENT || code == ENOTDIR ? ErrorCode::not_found
                    : code == EACCES || code == EPERM ? ErrorCode::denied
                                                      : ErrorCode::unavailable;
  return fail(kind, "{}: {}", path, std::strerror(code));
}

FileStatus status_from(const struct stat& status) {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .bytes = static_cast<std::uint64_t>(status.st_size),
          .written = {status.st_mtim.tv_sec * 1'000'000 + status.st_mtim.tv_nsec / 1'000},
          .is_linked = status.st_nlink > 0};
}

std::string path_to(int descriptor) {
  return fmt::format("/proc/self/fd/{}", descriptor);
}

/// A reader whose first bytes are passed over.
Done pass_over(wire::ByteReader& reader, std::uint64_t bytes) {
  for (std::vector<char> block(block_bytes); bytes > 0;) {
    const auto size = TRY(reader.read(std::span(block).first(std::min<std::uint64_t>(block.size(), bytes))));
    if (size == 0) return fail(ErrorCode::conflict, "holds less than was read of it before");
    bytes -= size;
  }
  return {};
}

}  // namespace

OpenFile::OpenFile(const std::string& path)
    : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
OpenFile::~OpenFile() {
  if (is_open()) ::close(descriptor_);
}
std::string OpenFile::path() const {
  return path_to(descriptor_);
}

Result<FileStatus> status_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return io_error(path, errno);
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::unavailable, "{}: is no file", path);
  return status_from(status);
}

namespace {

/// Does it begin as Windows event logs do, unpacked?
bool is_event_log(std::string_view beginning) {
  return beginning.starts_with(sigma::evtx_magic);
}

/// The first event stands for the file's first bytes, which change as it grows.
Head head_of_events(const std::string& path) {
  Head head{.bytes = {}, .packed = true, .ends_early = true};
  const auto file = open_unpacked(path);
  if (!file) return head;
  LogReader reader(**file, path);
  Record first;
  const auto found = reader.next(first);
  if (!found || !*found) return head;
  for (const auto& field : first.fields) head.bytes.append(field.name).append(1, '=').append(field.value);
  head.bytes.append(fmt::format("#{}", first.line)).resize(std::min(head.bytes.size(), head_bytes_max));
  head.ends_early = false;
  return head;
}

}  // namespace

Head head_of(const std::string& path) {
  Head head{.bytes = std::string(head_bytes_max, '\0'), .packed = is_packed_file(path)};
  std::size_t have = 0;
  const auto file = open_unpacked(path);
  head.ends_early = head.packed && !file;
  while (file && have < head.bytes.size()) {
    const auto read = (*file)->read({head.bytes.data() + have, head.bytes.size() - have});
    head.ends_early = head.packed && !read;
    if (!read || *read == 0) break;
    have += *read;
  }
  head.bytes.resize(have);
  if (is_event_log(head.bytes)) return head_of_events(path);
  const bool too_few = have < magic_bytes && head.bytes.find('\n') == head.bytes.npos;
  head.ends_early = head.ends_early || (!head.packed && too_few);
  return head;
}

bool is_packed_file(const std::string& path) {
  char first[magic_bytes] = {};
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return false;
  const auto size = ::pread(descriptor, first, sizeof first, 0);
  ::close(descriptor);
  return size > 0 && wire::compression_of({first, static_cast<std::size_t>(size)}) != wire::Compression::none;
}

Result<Tail> Tail::open(FilePosition position, const std::string& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return io_error(position.path, errno);
  Tail tail(std::move(position), descriptor);
  const auto status = TRY(tail.status());
  tail.position_.device = status.device;
  tail.position_.inode = status.inode;
  tail.packed_ = is_packed_file(path_to(descriptor));
  tail.has_events_ = TRY(tail.begins_with_events());
  tail.searched_ = tail.position_.offset;
  return tail;
}

/// Unpacked, where it is packed.
Result<bool> Tail::begins_with_events() const {
  if (!packed_) return is_event_log(TRY(read_at(0, sigma::evtx_magic.size())));
  const auto file = TRY(open_unpacked(path_to(descriptor_)));
  char first[sigma::evtx_magic.size()] = {};
  const auto size = TRY(file->read(first));
  return is_event_log({first, size});
}

struct Tail::Reading {
  std::unique_ptr<wire::ByteReader> file;
  LogReader reader;
  std::uint64_t events = 0;
  std::uint64_t bytes;  // of the file, when it was begun
};

Tail::Tail(FilePosition position, int descriptor) : position_(std::move(position)), descriptor_(descriptor) {}

Tail::~Tail() {
  if (descriptor_ >= 0) ::close(descriptor_);
}
Tail::Tail(Tail&& other) noexcept
    : position_(std::move(other.position_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      packed_(other.packed_),
      has_events_(other.has_events_),
      reading_(std::move(other.reading_)),
      settled_(other.settled_),
      searched_(other.searched_),
      data_lines_(other.data_lines_),
      in_header_(other.in_header_),
      records_(std::move(other.records_)) {}

Result<FileStatus> Tail::status() const {
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0) return io_error(position_.path, errno);
  return status_from(status);
}

/// Up to `size` bytes; fewer only at the end.
Result<std::string_view> Tail::read_at(std::uint64_t offset, std::size_t size) const {
  if (buffer_.size() < size) buffer_.resize(size);
  std::size_t have = 0;
  while (have < size) {
    const auto read =
        ::pread(descriptor_, buffer_.data() + have, size - have, static_cast<off_t>(offset + have));
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) return io_error(position_.path, errno);
    if (read == 0) break;
    have += static_cast<std::size_t>(read);
  }
  return std::string_view(buffer_.data(), have);
}

std::string Tail::head() const {
  return head_of(path_to(descriptor_)).bytes;
}

Result<bool> Tail::is_same() const {
  const auto now = TRY(status());
  if (packed_ || has_events_) return true;
  if (now.bytes < position_.offset || now.bytes < position_.head_bytes) return false;
  if (position_.head_bytes == 0) return true;
  const auto head = TRY(read_at(0, position_.head_bytes));
  return head.size() == position_.head_bytes && sha256(head).hex() == position_.head;
}

/// The head grows with the file: only what was looked through belongs to it. It has to be the file's still,
/// and to end with what was `read` at `before`, or that was another log's.
Done Tail::renew_head(const FilePosition& before, std::string_view read) {
  const auto size = std::min<std::uint64_t>(position_.offset, head_bytes_max);
  const auto head = TRY(read_at(0, size));
  const auto now = TRY(status());
  const bool begins_so =
      before.head_bytes == 0 || sha256(head.substr(0, before.head_bytes)).hex() == before.head;
  if (head.size() < size || now.bytes < position_.offset || !begins_so)
    return fail(ErrorCode::conflict, "{}: was emptied", position_.path);
  if (size <= before.head_bytes) return {};
  if (before.offset < size && head.substr(before.offset) != read.substr(0, size - before.offset))
    return fail(ErrorCode::conflict, "{}: was written anew", position_.path);
  position_.head = sha256(head).hex();
  position_.head_bytes = size;
  return {};
}

/// Finds out the format from the beginning, and tells its parser what stood above the position.
Done Tail::settle_format() {
  const bool unsure = settled_ && records_.format() == LogFormat::text && data_lines_ < unsure_lines;
  if (settled_ && !unsure) return {};
  const auto beginning = TRY(read_at(0, sniffed_bytes));
  TRY(refuse_utf16(beginning));
  const auto lines = beginning.substr(0, beginning.rfind('\n') + 1);
  auto detected = detect_format(lines);
  const auto first_end = lines.find('\n') + 1;
  if (detected.format == LogFormat::csv && first_end == lines.size())
    detected = {};  // any line of words may look so
  if (unsure && detected.format == LogFormat::text) return {};
  settled_ = true;
  if (detected.format == LogFormat::csv && position_.line > 0 && position_.header.empty())
    position_.header = lines.substr(0, std::min(first_end, header_bytes_max));
  prime(detected);
  return {};
}

void Tail::prime(const Detected& detected) {
  auto counts = records_.counts;
  auto problems = std::move(records_.problems);
  records_ = LineRecords(detected);
  for (std::string_view rest = position_.header; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    records_.take({.text = rest.substr(0, end), .number = 0}, record_);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  records_.counts = counts;
  records_.problems = std::move(problems);
}

void Tail::keep_header(std::string_view line) {
  if (!std::exchange(in_header_, true)) position_.header.clear();
  if (position_.header.size() + line.size() >= header_bytes_max) return;
  position_.header += line;
  position_.header += '\n';
}

void Tail::take(std::string_view text, bool is_cut, const Look& look) {
  Line line{.text = text, .number = position_.line + 1, .is_cut = is_cut};
  if (line.text.ends_with('\r')) line.text.remove_suffix(1);
  if (position_.line == 0) line.text = without_mark(line.text);
  records_.check_text(line);
  if (records_.take(line, record_)) {
    // A header that could be values is looked through, and kept as one.
    if (data_lines_++ == 0 && records_.format() == LogFormat::csv && position_.header.empty())
      keep_header(line.text);
    in_header_ = in_header_ && line.text.starts_with('#');
    look(record_);
  } else if (!trimmed(line.text).empty()) {
    keep_header(line.text);
  }
}

/// Takes the lines of `text`, which begins at the position, and says how many bytes they have.
Result<std::size_t> Tail::whole_lines(std::string_view text, bool to_the_end, const Look& look) {
  std::size_t at = 0;
  while (at < text.size()) {
    auto end = text.find('\n', at);
    if (end == text.npos && !to_the_end) break;
    end = std::min(end, text.size());
    std::uint64_t lines = 1;
    while (records_.wants_more(text.substr(at, end - at)) && end - at < row_bytes_max) {
      const auto next = text.find('\n', std::min(end + 1, text.size()));
      if (next == text.npos && end + 1 >= text.size() && to_the_end) break;
      if (next == text.npos && !to_the_end && text.size() - at < row_bytes_max)
        return at;  // its end will come
      if (next == text.npos) break;
      end = next;
      ++lines;
    }
    take(text.substr(at, end - at), false, look);
    position_.line += lines;
    at = std::min(end + 1, text.size());
  }
  return at;
}

Result<bool> Tail::read_on(const Look& look, bool to_the_end) {
  const auto before = position_;
  const auto now = TRY(status());
  if (now.bytes <= searched_ && !(to_the_end && now.bytes > position_.offset)) return false;
  TRY(settle_format());
  const auto partial = static_cast<std::size_t>(searched_ - position_.offset);
  const auto wanted =
      std::max(partial + block_bytes, std::min<std::size_t>(turn_bytes, now.bytes - position_.offset));
  auto text = TRY(read_at(position_.offset, std::min(wanted, line_bytes_max + block_bytes)));
  const bool at_end = position_.offset + text.size() >= now.bytes;
  // What follows may move the buffer: the lines have their own copy for the turn.
  std::string kept;
  std::swap(kept, buffer_);
  text = std::string_view(kept).substr(0, text.size());
  std::size_t used = 0;
  if (position_.passing_over) {
    const auto end = text.find('\n');
    used = end == text.npos ? text.size() : end + 1;
    position_.passing_over = end == text.npos;
    if (!position_.passing_over) ++position_.line;
  }
  used += TRY(whole_lines(text.substr(used), to_the_end && at_end, look));
  if (used == 0 && text.size() > line_bytes_max) {
    take(text.substr(0, line_bytes_max), true, look);
    position_.passing_over = true;
    used = text.size();
  }
  searched_ = position_.offset + text.size();
  position_.offset += used;
  if (used == 0) return !at_end;
  const auto renewed = renew_head(before, text);
  std::swap(kept, buffer_);
  if (!renewed) {
    position_ = before;
    return fail(ErrorCode::conflict, "{}: was written anew while it was read", position_.path);
  }
  return !at_end;
}

Done Tail::read_packed(const Look& look) {
  const auto now = TRY(status());
  if (position_.packed_bytes == now.bytes) return {};
  const auto path = path_to(descriptor_);
  auto file = TRY(open_unpacked(path));
  LineReader heads(*file);
  const auto beginning = std::string(TRY(heads.peek(sniffed_bytes)));
  TRY(refuse_utf16(beginning));
  settled_ = true;
  prime(detect_format(beginning));
  file = TRY(open_unpacked(path));
  TRY(pass_over(*file, position_.offset));
  LineReader lines(*file);
  const auto first = position_.line;
  const auto begin = position_.offset;
  Line line;
  std::string joined;
  for (;;) {
    const auto more = lines.next(line);
    if (!more) {
      position_.offset = begin + lines.bytes();
      return fail(more.error());
    }
    if (!*more) break;
    joined.assign(line.text);
    while (records_.wants_more(joined) && joined.size() < row_bytes_max && TRY(lines.next(line))) {
      joined += '\n';
      joined += line.text;
    }
    take(joined, line.is_cut, look);
    position_.line = first + lines.lines();
  }
  position_.offset = begin + lines.bytes();
  position_.packed_bytes = now.bytes;
  if (position_.head_bytes == 0) {
    const auto head = head_of(path).bytes.substr(0, position_.offset);
    position_.head_bytes = head.size();
    position_.head = sha256(head).hex();
  }
  return {};
}

Result<bool> Tail::read_events(const Look& look) {
  const auto now = TRY(status());
  if (!reading_ && position_.packed_bytes == now.bytes) return false;
  if (!reading_) {
    const auto path = path_to(descriptor_);
    auto file = TRY(open_unpacked(path));
    auto& source = *file;
    reading_.reset(new Reading{std::move(file), LogReader(source, path), 0, now.bytes});
  }
  auto& [file, reader, events, bytes] = *reading_;
  const auto before = reader.counts().broken_lines;
  Result<bool> more = true;
  for (std::uint64_t turn = 0; turn < turn_events && (more = reader.next(record_)) && *more; ++turn)
    if (++events > position_.line) {
      event_number_ = record_.line;
      record_.line = events;
      look(record_);
      position_.line = events;
    }
  records_.counts.broken_lines += reader.counts().broken_lines - before;
  position_.offset = bytes;
  if (position_.head_bytes == 0) {
    const auto head = head_of(path_to(descriptor_)).bytes;
    position_.head_bytes = head.size();
    position_.head = sha256(head).hex();
  }
  if (more && *more) return true;
  position_.packed_bytes = bytes;  // half there, or damaged: looked at again when it has changed
  reading_.reset();
  return more;
}

}  // namespace shieldwall::detect
