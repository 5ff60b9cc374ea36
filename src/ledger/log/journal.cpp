#include "ledger/log/journal.h"

#include <algorithm>
#include <charconv>

#include "policy/byte_form.h"

namespace shieldwall::ledger {

namespace {

using policy::ByteReader;
using policy::ByteWriter;

constexpr std::string_view magic = "shieldwall/log-journal/v1\n";
constexpr std::string_view prefix = "journal-";
constexpr std::size_t head_bytes = magic.size() + 8 + 32 + 32;
constexpr std::size_t frame_head_bytes = 4 + 32;
constexpr std::uint64_t journal_bytes_max = 1ull << 30;  // far beyond where it is replaced

Bytes head_of(const Journal::Base& base) {
  ByteWriter out;
  out.raw(magic);
  out.number(base.size);
  out.digest(base.root);
  auto head = std::move(out).take();
  return head + Bytes(sha256(head).view());
}

Result<Journal::Base> read_head(std::string_view bytes) {
  ByteReader in(bytes, "journal");
  if (TRY(in.raw(magic.size())) != magic) return in.refuse("not a journal");
  Journal::Base base;
  base.size = TRY(in.number<std::uint64_t>());
  base.root = TRY(in.digest());
  if (TRY(in.digest()) != sha256(bytes.substr(0, head_bytes - 32))) return in.refuse("its head is not whole");
  return base;
}

/// Ties a frame to all before it.
Digest chained(const Digest& before, std::string_view payload) {
  Sha256 hash;
  hash.add(before.view());
  hash.add(payload);
  return hash.finish();
}

Result<std::vector<NewEntry>> entries_in(std::string_view payload) {
  ByteReader in(payload, "journal frame");
  std::vector<NewEntry> entries(TRY(in.count(frame_bytes_max, 8)));
  for (auto& entry : entries) {
    entry.entry = TRY(in.counted(frame_bytes_max));
    entry.opening = TRY(in.counted(frame_bytes_max));
  }
  TRY(in.finish());
  return entries;
}

}  // namespace

std::string Journal::path(const std::string& folder, std::uint64_t number) {
  return fmt::format("{}/{}{}", folder, prefix, number);
}

Result<std::vector<std::uint64_t>> Journal::list(Fs& fs, const std::string& folder) {
  std::vector<std::uint64_t> numbers;
  for (const auto& name : TRY(fs.list(folder))) {
    if (!name.starts_with(prefix)) continue;
    std::uint64_t number = 0;
    const auto digits = std::string_view(name).substr(prefix.size());
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc() && end == digits.data() + digits.size()) numbers.push_back(number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

Result<Journal> Journal::create(Fs& fs, const std::string& folder, std::uint64_t number, const Base& base) {
  Journal journal;
  journal.number_ = number;
  journal.file_ = TRY(fs.open(path(folder, number), OpenMode::write));
  TRY(journal.file_->truncate(0));  // one that a crash left before it was used
  const auto head = head_of(base);
  TRY(journal.file_->write_at(0, head));
  TRY(journal.file_->sync());
  TRY(fs.sync_directory(folder));
  journal.end_ = head.size();
  journal.chain_ = sha256(head);
  return journal;
}

Result<Journal::Read> Journal::read(Fs& fs, const std::string& folder, std::uint64_t number) {
  const auto bytes = TRY(read_file(fs, path(folder, number), journal_bytes_max));
  const auto base = read_head(std::string_view(bytes).substr(0, head_bytes));
  if (!base) return fail(ErrorCode::corrupt, "journal {}: {}", number, base.error().message);
  Read read{.base = *base, .entries = {}};
  auto chain = sha256(std::string_view(bytes).substr(0, head_bytes));
  auto rest = std::string_view(bytes).substr(head_bytes);
  while (rest.size() >= frame_head_bytes) {
    ByteReader in(rest, "journal frame");
    const auto length = TRY(in.number<std::uint32_t>());
    const auto written = TRY(in.digest());
    if (length > frame_bytes_max || rest.size() - frame_head_bytes < length) break;
    const auto payload = rest.substr(frame_head_bytes, length);
    chain = chained(chain, payload);
    if (chain != written) break;  // the write that the power cut
    auto entries = TRY(entries_in(payload));
    std::ranges::move(entries, std::back_inserter(read.entries));
    rest.remove_prefix(frame_head_bytes + length);
  }
  return read;
}

Done Journal::write(std::span<const NewEntry* const> entries) {
  std::size_t bytes = 4;
  for (const auto* entry : entries) bytes += 8 + entry->entry.size() + entry->opening.size();
  if (bytes > frame_bytes_max)
    return fail(ErrorCode::invalid, "{} bytes for the log at once; at most {}", bytes, frame_bytes_max);
  ByteWriter out;
  out.list(entries, [](ByteWriter& to, const NewEntry* entry) {
    to.counted(entry->entry);
    to.counted(entry->opening);
  });
  const auto payload = std::move(out).take();
  const auto chain = chained(chain_, payload);
  ByteWriter frame;
  frame.number(static_cast<std::uint32_t>(payload.size()));
  frame.digest(chain);
  frame.raw(payload);
  const auto written = std::move(frame).take();
  TRY(file_->write_at(end_, written));
  end_ += written.size();
  chain_ = chain;
  return {};
}

}  // namespace shieldwall::ledger
