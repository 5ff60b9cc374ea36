// Loading matcher files: checked on all cores, what every lookup touches copied to large pages, the rest
// mapped.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "detect/packed/cursor.h"
#include "detect/packed/matcher_file.h"
#include "detect/packed/matcher_layout.h"
#include "detect/tables.h"

namespace shieldwall::detect {

namespace {

constexpr std::size_t large_page_bytes = 2u << 20;

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::corrupt, "the matcher file is damaged: {}", what);
}

/// A mapping, given back at the end.
class Mapping {
 public:
  Mapping() = default;
  Mapping(void* at, std::size_t size) : at_(at), size_(size) {}
  Mapping(Mapping&& other) noexcept : at_(std::exchange(other.at_, MAP_FAILED)), size_(other.size_) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(at_, other.at_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Mapping() {
    if (at_ != MAP_FAILED) ::munmap(at_, size_);
  }

  /// Memory of the size of `bytes` and with them in it, in large pages where the system has them.
  static Mapping copy_of(std::string_view bytes) {
    const auto size = (bytes.size() / large_page_bytes + 1) * large_page_bytes;
    Mapping made(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), size);
    if (!made.is_good()) throw std::bad_alloc();
    ::madvise(made.at_, size, MADV_HUGEPAGE);
    if (!bytes.empty()) std::memcpy(made.at_, bytes.data(), bytes.size());
    return made;
  }

  bool is_good() const { return at_ != MAP_FAILED; }
  std::string_view bytes() const { return {static_cast<const char*>(at_), size_}; }
  template <typename T>
  std::span<const T> as(std::size_t bytes) const {
    return {static_cast<const T*>(at_), bytes / sizeof(T)};
  }

 private:
  void* at_ = MAP_FAILED;
  std::size_t size_ = 0;
};

/// What a loaded layer looks into.
struct LoadedMemory {
  Mapping file, lines, filter, addresses;
};

Result<MatcherHeader> header_of(std::string_view file) {
  MatcherHeader header;
  if (file.size() < matcher_page_bytes || !file.starts_with(matcher_magic))
    return fail(ErrorCode::invalid, "this is no matcher file");
  std::memcpy(&header, file.data(), sizeof header);
  if (header.version != matcher_version)
    return fail(ErrorCode::invalid,
                "the matcher file is of version {}; version {} is read here: compile it again",
                header.version,
                matcher_version);
  return header;
}

Result<std::string_view> section(std::string_view file, const FileSection& at, std::size_t unit = 1) {
  if (at.at > file.size() || at.bytes > file.size() - at.at || at.bytes % unit != 0)
    return damaged("a section lies outside of it");
  return file.substr(at.at, at.bytes);
}

Done check_digests(std::string_view file, const MatcherHeader& header) {
  const auto bytes = file.substr(0, sizeof header - sizeof header.of_header);
  if (std::memcmp(sha256(bytes).bytes.data(), header.of_header, 32) != 0) return damaged("its header");
  if (header.file_bytes != file.size()) return damaged("it is cut short or has something behind its end");
  const auto digests = TRY(section(file, header.digests));
  if (std::memcmp(sha256(digests).bytes.data(), header.of_digests, 32) != 0) return damaged("its digests");
  if (header.digests.at < matcher_page_bytes) return damaged("its digests lie in the header");
  const auto body = file.substr(matcher_page_bytes, header.digests.at - matcher_page_bytes);
  const auto chunks = (body.size() + matcher_chunk_bytes - 1) / matcher_chunk_bytes;
  if (digests.size() != chunks * 32) return damaged("it has not a digest for every chunk");
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> wrong{SIZE_MAX};
  const auto work = [&] {
    for (auto i = next++; i < chunks && wrong == SIZE_MAX; i = next++)
      if (sha256(body.substr(i * matcher_chunk_bytes, matcher_chunk_bytes)).view() !=
          digests.substr(i * 32, 32))
        wrong = i;
  };
  {
    std::vector<std::jthread> workers;
    const auto cores = std::max(1u, std::thread::hardware_concurrency());
    for (std::size_t i = 1; i < std::min<std::size_t>(cores, chunks); ++i) workers.emplace_back(work);
    work();
  }
  if (wrong != SIZE_MAX)
    return damaged(fmt::format("the bytes from {} on", matcher_page_bytes + wrong * matcher_chunk_bytes));
  return {};
}

Result<std::vector<int>> prefix_list(Cursor& cursor, int bits_max) {
  std::vector<int> list;
  const auto count = cursor.varint();
  for (std::uint64_t i = 0; i < count && cursor.good(); ++i) list.push_back(cursor.fixed<std::uint8_t>());
  const bool wrong = std::ranges::any_of(list, [&](int bits) { return bits > bits_max; });
  if (!cursor.good() || wrong || list.size() > 129) return damaged("its prefix lengths");
  return list;
}

/// Numbers of the file's indicators, ascending.
Result<std::vector<std::uint32_t>> pattern_numbers(Cursor cursor, std::size_t indicators) {
  std::vector<std::uint32_t> list;
  const auto count = cursor.varint();
  for (std::uint64_t i = 0; i < count && cursor.good(); ++i) {
    const auto number = cursor.fixed<std::uint32_t>();
    if (number >= indicators || (!list.empty() && number <= list.back()))
      return damaged("its list of patterns");
    list.push_back(number);
  }
  if (!cursor.good()) return damaged("its list of patterns");
  return list;
}

/// As many bits as fill that many bytes; without its words.
Result<AddressFilter> address_filter(std::size_t bytes) {
  if (bytes == 0) return AddressFilter{};
  if (!std::has_single_bit(bytes) || bytes > (std::size_t{1} << 29))
    return damaged("the size of its addresses");
  return AddressFilter{.words = {}, .bits = static_cast<unsigned>(std::bit_width(bytes)) + 2};
}

/// The layer over a file whose bytes are what they were when written, or the fuzzer's.
Result<std::shared_ptr<const Layer>> layer_over(std::string_view file,
                                                const MatcherHeader& header,
                                                Mapping mapping) {
  auto memory = std::make_shared<LoadedMemory>();
  auto layer = std::make_shared<Layer>();
  const auto lines = TRY(section(file, header.lines, sizeof(TableLine)));
  const auto filter = TRY(section(file, header.filter, sizeof(std::uint64_t)));
  const auto addresses = TRY(section(file, header.addresses, sizeof(std::uint64_t)));
  auto& literals = layer->literals;
  literals.text = TRY(section(file, header.text));
  if (lines.empty() || filter.empty() || header.homes < 1 || header.homes > lines.size() / sizeof(TableLine))
    return damaged("the size of its table");
  if (header.kinds > literal_kinds) return damaged("it has kinds of values that are not known here");
  memory->lines = Mapping::copy_of(lines);
  memory->filter = Mapping::copy_of(filter);
  literals.addresses = TRY(address_filter(addresses.size()));
  memory->addresses = Mapping::copy_of(addresses);
  literals.addresses.words = memory->addresses.as<std::uint64_t>(addresses.size());
  memory->file = std::move(mapping);
  literals.key = header.key;
  literals.lines = memory->lines.as<TableLine>(lines.size());
  literals.filter = memory->filter.as<std::uint64_t>(filter.size());
  literals.homes = header.homes;
  std::copy_n(header.counts, literal_kinds, literals.counts);
  const auto rows = TRY(section(file, header.indicators));
  layer->rows = TRY(IndicatorRows::over(rows));
  Cursor prefixes(TRY(section(file, header.prefixes)));
  layer->v4_bits = TRY(prefix_list(prefixes, 128));
  layer->v6_bits = TRY(prefix_list(prefixes, 128));
  const auto patterns = TRY(section(file, header.patterns));
  layer->patterns = TRY(pattern_numbers(Cursor(patterns), layer->rows.size()));
  layer->bytes = lines.size() + filter.size() + addresses.size();
  layer->memory = std::move(memory);
  return std::shared_ptr<const Layer>(std::move(layer));
}

Result<Mapping> mapped(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status{};
  if (fd < 0 || ::fstat(fd, &status) != 0) {
    const auto code = errno;
    if (fd >= 0) ::close(fd);
    return fail(code == ENOENT   ? ErrorCode::not_found
                : code == EACCES ? ErrorCode::denied
                                 : ErrorCode::unavailable,
                "{}",
                std::strerror(code));
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  Mapping made;
  if (size >= matcher_page_bytes) made = Mapping(::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0), size);
  const auto code = errno;
  ::close(fd);
  if (size < matcher_page_bytes) return fail(ErrorCode::invalid, "this is no matcher file");
  if (!made.is_good()) return fail(ErrorCode::unavailable, "{}", std::strerror(code));
  return made;
}

Result<Matcher> over(std::string_view bytes, const MatcherHeader& header, Mapping mapping, Timestamp now) {
  auto layer = TRY(layer_over(bytes, header, std::move(mapping)));
  return MatcherAccess::of(joined(now, header.key, {{.layer = std::move(layer)}}));
}

Result<Matcher> load(const std::string& path, Timestamp now) {
  auto mapping = TRY(mapped(path));
  const auto bytes = mapping.bytes();
  const auto header = TRY(header_of(bytes));
  TRY(check_digests(bytes, header));
  return over(bytes, header, std::move(mapping), now);
}

}  // namespace

Result<Matcher> load_matcher_file(const std::string& path, Timestamp now) {
  auto matcher = load(path, now);
  if (!matcher) return fail(matcher.error().code, "{}: {}", path, matcher.error().message);
  return matcher;
}

Result<Matcher> matcher_over(std::string_view bytes, Timestamp now) {
  const auto header = TRY(header_of(bytes));
  return over(bytes, header, Mapping(), now);
}

}  // namespace shieldwall::detect
