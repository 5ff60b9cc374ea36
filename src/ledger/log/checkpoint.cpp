#include "ledger/log/checkpoint.h"

#include <algorithm>

#include "base/text.h"
#include "ledger/log/decimal.h"

namespace shieldwall::ledger {

namespace {

constexpr std::string_view proof_head = "c2sp.org/tlog-proof@v1";

/// Takes lines off the front of a text.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  /// errors: invalid: no line is left, or it has no end
  Result<std::string_view> next() {
    const auto end = rest_.find('\n');
    if (end == std::string_view::npos) return fail(ErrorCode::invalid, "line {} is missing", number_ + 1);
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    ++number_;
    return line;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  int number_ = 0;
};

/// What follows `key` and a space. errors: invalid: another line
Result<std::string_view> value_of(std::string_view line, std::string_view key) {
  if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != ' ')
    return fail(ErrorCode::invalid, "a line begins with \"{} \"; this is \"{}\"", key, excerpt(line));
  return line.substr(key.size() + 1);
}

}  // namespace

Result<std::uint64_t> read_number(std::string_view text, std::string_view what) {
  const auto number = plain_decimal(text);
  if (!number)
    return fail(ErrorCode::invalid,
                "{} is a decimal number without leading zeros; this is \"{}\"",
                what,
                excerpt(text));
  return *number;
}

Result<Digest> read_hash(std::string_view line) {
  const auto bytes = TRY(from_base64(line));
  Digest hash;
  if (bytes.size() != hash.bytes.size())
    return fail(ErrorCode::invalid, "a hash of {} bytes; SHA-256 has {}", bytes.size(), hash.bytes.size());
  std::ranges::copy(bytes, hash.bytes.begin());
  return hash;
}

std::string Checkpoint::text() const {
  return fmt::format("{}\n{}\n{}\n", origin, size, to_base64(root.view()));
}

Result<Checkpoint> Checkpoint::parse(std::string_view text) {
  Lines lines(text);
  Checkpoint checkpoint;
  checkpoint.origin = TRY(lines.next());
  if (checkpoint.origin.empty()) return fail(ErrorCode::invalid, "a checkpoint begins with the log's name");
  const auto size = TRY(lines.next());
  checkpoint.size = TRY(read_number(size, "a checkpoint's size"));
  const auto root = TRY(lines.next());
  checkpoint.root = TRY(read_hash(root));
  return checkpoint;
}

Result<Checkpoint> open_checkpoint(const Note& note, const NoteKey& log) {
  if (!TRY(signed_by(note, log)))
    return fail(ErrorCode::invalid, "the checkpoint is not signed by {}", log.name());
  auto checkpoint = TRY(Checkpoint::parse(note.text));
  if (checkpoint.origin != log.name())
    return fail(ErrorCode::invalid, "{} signed a checkpoint of {}", log.name(), excerpt(checkpoint.origin));
  return checkpoint;
}

std::string ProofFile::text() const {
  auto text = fmt::format("{}\n", proof_head);
  if (extra) text += fmt::format("extra {}\n", to_base64(*extra));
  text += fmt::format("index {}\n", index);
  for (const auto& hash : proof) text += to_base64(hash.view()) + "\n";
  return text + "\n" + write_note(checkpoint);
}

Result<ProofFile> ProofFile::parse(std::string_view text) {
  Lines lines(text);
  if (TRY(lines.next()) != proof_head)
    return fail(ErrorCode::invalid, "a proof file begins with {}", proof_head);
  ProofFile file;
  auto line = TRY(lines.next());
  if (line.starts_with("extra ")) {
    const auto extra = TRY(value_of(line, "extra"));
    file.extra = TRY(from_base64(extra));
    line = TRY(lines.next());
  }
  const auto index = TRY(value_of(line, "index"));
  file.index = TRY(read_number(index, "the index"));
  for (line = TRY(lines.next()); !line.empty(); line = TRY(lines.next())) {
    if (file.proof.size() == proof_hashes_max)
      return fail(ErrorCode::invalid, "a proof of more than {} hashes", proof_hashes_max);
    file.proof.push_back(TRY(read_hash(line)));
  }
  file.checkpoint = TRY(read_note(lines.rest()));
  return file;
}

Result<Checkpoint> check_proof(const ProofFile& file, std::string_view entry, const NoteKey& log) {
  auto checkpoint = TRY(open_checkpoint(file.checkpoint, log));
  TRY(check_inclusion(leaf_hash(entry), file.index, checkpoint.size, file.proof, checkpoint.root));
  return checkpoint;
}

}  // namespace shieldwall::ledger
