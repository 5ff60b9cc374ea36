// Writing matcher files, front to back; the header comes last, so that a cut file is none.
#include "detect/packed/cursor.h"
#include "detect/packed/matcher_file.h"
#include "detect/packed/matcher_layout.h"
#include "detect/tables.h"

namespace shieldwall::detect {

namespace {

template <typename T>
std::string_view bytes_of(const LargeVector<T>& list) {
  return {reinterpret_cast<const char*>(list.data()), list.size() * sizeof(T)};
}

/// Appends to a file and digests it chunk by chunk.
class ChunkedFile {
 public:
  explicit ChunkedFile(File& file) : file_(file) {}

  std::uint64_t at() const { return at_; }

  Done append(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto part = bytes.substr(0, matcher_chunk_bytes - in_chunk_);
      TRY(file_.write_at(at_, part));
      sha_->add(part);
      at_ += part.size();
      in_chunk_ += part.size();
      if (in_chunk_ == matcher_chunk_bytes) end_chunk();
      bytes.remove_prefix(part.size());
    }
    return {};
  }

  Done fill_page() {
    static const std::string zeros(matcher_page_bytes, '\0');
    const auto odd = at_ % matcher_page_bytes;
    return odd == 0 ? Done{} : append(std::string_view(zeros).substr(static_cast<std::size_t>(odd)));
  }

  Result<FileSection> section(std::string_view bytes) {
    const FileSection section{.at = at_, .bytes = bytes.size()};
    TRY(append(bytes));
    TRY(fill_page());
    return section;
  }

  std::string digests() && {
    if (in_chunk_ > 0) end_chunk();
    return std::move(digests_);
  }

 private:
  void end_chunk() {
    digests_ += sha_->finish().view();
    sha_ = std::make_unique<Sha256>();
    in_chunk_ = 0;
  }

  File& file_;
  std::uint64_t at_ = matcher_page_bytes;
  std::uint64_t in_chunk_ = 0;
  std::unique_ptr<Sha256> sha_ = std::make_unique<Sha256>();
  std::string digests_;
};

std::string prefixes(const MatcherParts& parts) {
  std::string out;
  for (const auto* list : {&parts.v4_bits, &parts.v6_bits}) {
    put_varint(out, list->size());
    for (const int bits : *list) out += static_cast<char>(bits);
  }
  return out;
}

std::string pattern_numbers(const MatcherParts& parts) {
  std::string out;
  put_varint(out, parts.patterns.size());
  for (const auto number : parts.patterns) put_fixed(out, number);
  return out;
}

void copy_digest(const Digest& digest, std::uint8_t (&into)[32]) {
  std::memcpy(into, digest.bytes.data(), sizeof into);
}

Done write_into(MatcherParts parts, File& file) {
  ChunkedFile out(file);
  MatcherHeader header;
  std::memcpy(header.magic, matcher_magic.data(), sizeof header.magic);
  header.version = matcher_version;
  header.kinds = literal_kinds;
  header.now = parts.now.us;
  header.text.at = out.at();
  const auto packed = TRY(parts.literals.pack([&](std::string_view text) { return out.append(text); }));
  header.text.bytes = packed.text_bytes;
  TRY(out.fill_page());
  header.key = packed.key;
  header.homes = packed.homes;
  std::copy(std::begin(packed.counts), std::end(packed.counts), header.counts);
  header.lines = TRY(out.section(bytes_of(packed.lines)));
  header.filter = TRY(out.section(bytes_of(packed.filter)));
  header.addresses = TRY(out.section(bytes_of(packed.addresses)));
  header.prefixes = TRY(out.section(prefixes(parts)));
  header.patterns = TRY(out.section(pattern_numbers(parts)));
  header.indicators = TRY(out.section(std::move(parts.indicators).finish()));
  header.digests.at = out.at();
  const auto digests = std::move(out).digests();
  header.digests.bytes = digests.size();
  header.file_bytes = header.digests.at + digests.size();
  copy_digest(sha256(digests), header.of_digests);
  const std::string_view bytes(reinterpret_cast<const char*>(&header), sizeof header);
  copy_digest(sha256(bytes.substr(0, sizeof header - sizeof header.of_header)), header.of_header);
  TRY(file.write_at(header.digests.at, digests));
  TRY(file.write_at(0, bytes));
  return file.sync();
}

/// Every literal of a layer, in the order of its text.
template <typename Action>
void for_each_literal(const LiteralImage& image, Action&& action) {
  for (const auto& line : image.lines) {
    Cursor cursor(
        image.text.substr(static_cast<std::uint64_t>(line.text & ~line_overflows) * text_block_bytes));
    for (std::size_t slot = 0; slot < line_slots; ++slot) {
      std::uint64_t remainder = 0;
      std::memcpy(&remainder, line.remainders + 5 * slot, 5);
      if (remainder == 0) break;
      const auto key = cursor.text();
      const auto kind = static_cast<LiteralKind>(cursor.fixed<std::uint8_t>());
      const auto count = cursor.varint();
      const auto numbers = cursor.bytes(4 * count);
      if (!cursor.good()) break;
      action(kind, key, Postings(numbers.data(), numbers.size() / 4));
    }
  }
}

}  // namespace

Done write_matcher_file(MatcherParts parts, Fs& fs, const std::string& path) {
  const auto beside = path + ".new";
  (void)fs.remove(beside);  // of a writer that was killed
  const auto written = [&]() -> Done {
    const auto file = TRY(fs.open(beside, OpenMode::create_new));
    return write_into(std::move(parts), *file);
  }();
  if (!written) {
    (void)fs.remove(beside);
    return written;
  }
  TRY(fs.rename(beside, path));
  const auto slash = path.rfind('/');
  return fs.sync_directory(slash == std::string::npos ? "."
                                                      : path.substr(0, std::max<std::size_t>(slash, 1)));
}

namespace {

/// Indicators keep their order; the numbers of those withdrawn go to others.
MatcherParts parts_of(const MatcherTables& tables) {
  MatcherParts parts{.now = tables.now,
                     .literals = LiteralPacker(tables.key),
                     .indicators = {},
                     .v4_bits = tables.v4_bits,
                     .v6_bits = tables.v6_bits};
  static constexpr std::uint32_t gone = UINT32_MAX;
  for (const auto& use : tables.layers) {
    std::vector<std::uint32_t> numbers;
    for (std::size_t i = 0; i < use.layer->size(); ++i) {
      const auto indicator = use.layer->indicator(i);
      const bool withdrawn = use.withdrawn && use.withdrawn->contains(indicator.id);
      numbers.push_back(withdrawn ? gone : static_cast<std::uint32_t>(parts.indicators.size()));
      if (!withdrawn) parts.indicators.add(indicator);
    }
    for (const auto number : use.layer->patterns)
      if (numbers[number] != gone) parts.patterns.push_back(numbers[number]);
    for_each_literal(use.layer->literals,
                     [&](LiteralKind kind, std::string_view key, const Postings& postings) {
                       for (std::size_t i = 0; i < postings.size(); ++i)
                         if (postings[i] < numbers.size() && numbers[postings[i]] != gone)
                           parts.literals.add(kind, key, numbers[postings[i]]);
                     });
  }
  return parts;
}

}  // namespace

std::vector<std::pair<std::string_view, std::size_t>> literal_counts(const Matcher& matcher) {
  static constexpr std::string_view names[] = {"networks",
                                               "domains",
                                               "URLs",
                                               "hosts of URLs",
                                               "file hashes",
                                               "e-mail addresses",
                                               "file names",
                                               "file paths",
                                               "JA3 fingerprints",
                                               "JA4 fingerprints",
                                               "user agents",
                                               "mutexes",
                                               "registry keys",
                                               "MAC addresses",
                                               "autonomous systems",
                                               "certificate serials"};
  std::vector<std::pair<std::string_view, std::size_t>> counts;
  for (std::size_t kind = 0; kind < std::size(names); ++kind) {
    std::size_t sum = 0;
    for (const auto& use : MatcherAccess::tables(matcher).layers)
      sum += static_cast<std::size_t>(use.layer->literals.counts[kind]);
    if (sum > 0) counts.emplace_back(names[kind], sum);
  }
  return counts;
}

Done write_matcher_file(const Matcher& matcher, Fs& fs, const std::string& path) {
  return write_matcher_file(parts_of(MatcherAccess::tables(matcher)), fs, path);
}

}  // namespace shieldwall::detect
