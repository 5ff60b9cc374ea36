#include "ledger/log/evidence.h"

#include "base/text.h"

namespace shieldwall::ledger {

namespace {

constexpr std::string_view head = "shieldwall/log-evidence/v1";

Result<Note> read_note_line(std::string_view line) {
  const auto bytes = TRY(from_base64(line));
  return read_note(bytes);
}

}  // namespace

std::string Evidence::text() const {
  auto text = fmt::format("{}\nseen {}\nfirst {}\nsecond {}\n",
                          head,
                          to_text(seen),
                          to_base64(write_note(first)),
                          to_base64(write_note(second)));
  for (const auto& hash : proof) text += fmt::format("proof {}\n", to_base64(hash.view()));
  return text;
}

Result<Evidence> Evidence::parse(std::string_view text) {
  if (text.size() > 3 * note_bytes_max || !text.ends_with('\n'))
    return fail(ErrorCode::invalid, "no evidence file: too long, or cut");
  Evidence evidence;
  bool has[3] = {};
  const auto lines = split(text.substr(0, text.size() - 1), '\n');
  if (lines.front() != head) return fail(ErrorCode::invalid, "an evidence file begins with {}", head);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto space = lines[i].find(' ');
    const auto key = lines[i].substr(0, space);
    const auto value = space == std::string_view::npos ? std::string_view() : lines[i].substr(space + 1);
    if (key == "seen") {
      const auto time = TRY(parse_time(value));
      evidence.seen = time.at;
      has[0] = true;
    } else if (key == "first") {
      evidence.first = TRY(read_note_line(value));
      has[1] = true;
    } else if (key == "second") {
      evidence.second = TRY(read_note_line(value));
      has[2] = true;
    } else if (key == "proof" && evidence.proof.size() < proof_hashes_max) {
      evidence.proof.push_back(TRY(read_hash(value)));
    } else {
      return fail(ErrorCode::invalid, "line {}: \"{}\" does not belong there", i + 1, excerpt(lines[i]));
    }
  }
  if (!has[0] || !has[1] || !has[2])
    return fail(ErrorCode::invalid, "an evidence file has the lines seen, first and second");
  return evidence;
}

Result<Finding> judge(const Evidence& evidence, const NoteKey& log) {
  const auto first = TRY(open_checkpoint(evidence.first, log));
  const auto second = TRY(open_checkpoint(evidence.second, log));
  if (first.size > second.size) return fail(ErrorCode::invalid, "the first checkpoint is the larger one");
  if (first == second) return fail(ErrorCode::invalid, "the two checkpoints are the same");
  if (shows_another_beginning(first.size, first.root, second.size, second.root, evidence.proof))
    return Finding::fork;
  if (check_consistency(first.size, first.root, second.size, second.root, evidence.proof))
    return fail(ErrorCode::invalid, "the second checkpoint continues the first: there is no contradiction");
  return Finding::unproved;
}

}  // namespace shieldwall::ledger
