#include "ledger/log/witness.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "ledger/log/decimal.h"
#include "ledger/log/node_log.h"

namespace shieldwall::ledger {

namespace {

constexpr std::string_view size_type = "text/x.tlog.size";
constexpr std::size_t evidence_max = 1'000;  // files: a log that contradicts itself oftener says nothing new

std::string name_of_log(const std::string& origin) {
  return sha256(origin).hex();
}

Witness::Answer refusal(int status, std::string_view why) {
  return {.status = status, .body = fmt::format("{}\n", why)};
}

bool is_hex_digest(std::string_view text) {
  return Digest::parse(text).has_value() && to_lower_ascii(text) == text;
}

}  // namespace

std::string AddCheckpoint::text() const {
  auto text = fmt::format("old {}\n", old_size);
  for (const auto& hash : proof) text += to_base64(hash.view()) + "\n";
  return text + "\n" + write_note(note);
}

Result<AddCheckpoint> AddCheckpoint::parse(std::string_view body) {
  if (body.size() > add_checkpoint_bytes_max)
    return fail(ErrorCode::invalid, "more than {} bytes", add_checkpoint_bytes_max);
  const auto empty = body.find("\n\n");
  if (empty == std::string_view::npos) return fail(ErrorCode::invalid, "there is no empty line");
  const auto lines = split(body.substr(0, empty), '\n');
  AddCheckpoint request;
  if (!lines.front().starts_with("old ")) return fail(ErrorCode::invalid, "the first line is \"old SIZE\"");
  request.old_size = TRY(read_number(lines.front().substr(4), "the old size"));
  if (lines.size() - 1 > witness_proof_max)
    return fail(ErrorCode::invalid, "more than {} lines of proof", witness_proof_max);
  for (std::size_t i = 1; i < lines.size(); ++i) request.proof.push_back(TRY(read_hash(lines[i])));
  request.note = TRY(read_note(body.substr(empty + 2)));
  return request;
}

Witness::Answer Witness::add_checkpoint(std::string_view body, Timestamp now) {
  const auto request = AddCheckpoint::parse(body);
  if (!request) return refusal(400, request.error().message);
  const auto checkpoint = Checkpoint::parse(request->note.text);
  if (!checkpoint) return refusal(400, checkpoint.error().message);
  const auto keys = options_.logs(checkpoint->origin);
  if (keys.empty()) return refusal(404, "this witness does not know a log of that origin");
  if (std::ranges::none_of(
          keys, [&](const NoteKey& key) { return open_checkpoint(request->note, key).has_value(); }))
    return refusal(403, "the checkpoint is not signed by a key of that log");
  if (request->old_size > checkpoint->size)
    return refusal(400, "the old size is larger than the checkpoint's");
  const std::lock_guard lock(mutex_);
  auto answer = judge(*request, *checkpoint, now);
  if (answer) return std::move(*answer);
  log::error("a checkpoint cannot be witnessed", {{"why", answer.error().message}});
  return refusal(503, "it cannot be kept now");
}

void Witness::use(NoteSigners signers) {
  const std::lock_guard lock(mutex_);
  options_.signers = std::move(signers);
}

/// Under the mutex; the log's signature was checked.
Result<Witness::Answer> Witness::judge(const AddCheckpoint& request,
                                       const Checkpoint& checkpoint,
                                       Timestamp now) {
  if (const auto found = broken_.find(checkpoint.origin); found != broken_.end())
    return fail(ErrorCode::unavailable, "{}", found->second);
  const auto before = TRY(read(name_of_log(checkpoint.origin)));
  Checkpoint last{.origin = checkpoint.origin, .size = 0, .root = empty_root()};
  if (before) last = TRY(Checkpoint::parse(before->text));
  const bool contradicts = before && checkpoint.size == last.size && checkpoint.root != last.root;
  if (contradicts) TRY(keep_evidence({.seen = now, .first = *before, .second = request.note, .proof = {}}));
  if (request.old_size != last.size)
    return Answer{.status = 409, .body = fmt::format("{}\n", last.size), .type = size_type};
  if (check_consistency(last.size, last.root, checkpoint.size, checkpoint.root, request.proof))
    return cosigned(request, before, now);
  if (before && !contradicts)
    TRY(keep_evidence({.seen = now, .first = *before, .second = request.note, .proof = request.proof}));
  return refusal(422, "the checkpoint does not continue the one that was cosigned last");
}

Result<Witness::Answer> Witness::cosigned(const AddCheckpoint& request,
                                          const std::optional<Note>& before,
                                          Timestamp now) {
  if (before) {
    for (const auto& signer : options_.signers)
      if (const auto last = TRY(cosigned_by(*before, signer.name)); last && *last > now)
        return fail(ErrorCode::unavailable, "the clock is behind {}, when it cosigned last", to_text(*last));
  }
  auto note = request.note;
  const auto& own_name = options_.signers.front().name.name();
  std::erase_if(note.signatures, [&](const NoteSignature& one) { return one.name == own_name; });
  std::string lines;
  for (const auto& signer : options_.signers) {
    note.signatures.push_back(cosign(note.text, signer.name, signer.key, now));
    lines += write_signature(note.signatures.back());
  }
  const auto origin = TRY(Checkpoint::parse(note.text)).origin;
  if (options_.defect == Defect::none) {
    TRY(fs_.make_directory(options_.folder));
    const auto path = fmt::format("{}/{}", options_.folder, name_of_log(origin));
    if (const auto kept = write_file_durably(fs_, path, write_note(note)); !kept) {
      // Which of the two the disk holds is unknown: only a start that reads it again may go on.
      broken_.emplace(origin, kept.error().message);
      return fail(kept.error());
    }
  }
  return Answer{.status = 200, .body = std::move(lines)};
}

Result<std::optional<Note>> Witness::read(const std::string& name) {
  const auto text = read_file(fs_, fmt::format("{}/{}", options_.folder, name), note_bytes_max);
  if (!text && text.error().code == ErrorCode::not_found) return std::optional<Note>{};
  if (!text) return fail(text.error());
  auto note = read_note(*text);
  if (!note) return fail(ErrorCode::corrupt, "witness/{}: {}", name, note.error().message);
  return std::optional(std::move(*note));
}

Result<std::optional<Note>> Witness::last(const std::string& origin) {
  const std::lock_guard lock(mutex_);
  return read(name_of_log(origin));
}

Result<std::optional<Note>> Witness::last_by_hash(const std::string& hash) {
  if (!is_hex_digest(hash)) return std::optional<Note>{};
  const std::lock_guard lock(mutex_);
  return read(hash);
}

Done Witness::keep_evidence(const Evidence& evidence) {
  const auto text = evidence.text();
  const auto pair = sha256(write_note(evidence.first) + write_note(evidence.second)).hex();
  const auto folder = options_.folder + "/evidence";
  const auto path = fmt::format("{}/{}", folder, pair);
  TRY(fs_.make_directory(folder));
  if (TRY(fs_.exists(path))) return {};
  if (TRY(fs_.list(folder)).size() >= evidence_max) return {};
  const auto origin = TRY(Checkpoint::parse(evidence.second.text)).origin;
  log::warn("a log contradicts itself", {{"origin", origin}, {"evidence", path}});
  return write_file_durably(fs_, path, text);
}

Result<std::vector<std::string>> Witness::evidence() {
  const std::lock_guard lock(mutex_);
  const auto folder = options_.folder + "/evidence";
  std::vector<std::string> all;
  if (!TRY(fs_.exists(folder))) return all;
  for (const auto& name : TRY(fs_.list(folder)))
    if (is_hex_digest(name)) all.push_back(TRY(read_file(fs_, folder + "/" + name, 3 * note_bytes_max)));
  return all;
}

namespace {

/// Those of the witness's keys, one each, whatever else it sent. errors: invalid: one does not verify
Result<std::vector<NoteSignature>> cosignatures_of(const Note& note, const WitnessPeer& peer) {
  std::vector<NoteKey> keys = peer.others;
  if (std::ranges::find(keys, peer.key) == keys.end()) keys.push_back(peer.key);
  std::vector<NoteSignature> own;
  for (const auto& key : keys)
    if (TRY(cosigned_by(note, key))) own.push_back(*signature_of(note, key));
  return own;
}

/// One request. Gives the witness's size when it asks to begin elsewhere.
Result<std::optional<std::uint64_t>> ask_once(NodeLog& log,
                                              WitnessPeer& peer,
                                              const Note& note,
                                              const Checkpoint& checkpoint) {
  AddCheckpoint request{.old_size = peer.last, .proof = {}, .note = note};
  std::erase_if(request.note.signatures, [&](const auto& one) { return one.name != log.origin(); });
  if (peer.last > 0) request.proof = TRY(log.consistency(peer.last, checkpoint.size));
  const auto [status, body] = TRY(peer.send(request.text()));
  if (status == 409) {
    const auto size = trimmed(body);
    return std::optional(TRY(read_number(size, "the witness's size")));
  }
  if (status != 200)
    return fail(status >= 500 ? ErrorCode::unavailable : ErrorCode::denied,
                "witness {} answered {}: {}",
                peer.key.name(),
                status,
                excerpt(body, 200));
  const Note answered{.text = note.text, .signatures = TRY(read_signatures(body))};
  if (!TRY(cosigned_by(answered, peer.key)))
    return fail(ErrorCode::invalid, "witness {} answered without its cosignature", peer.key.name());
  const auto own = TRY(cosignatures_of(answered, peer));
  TRY(log.add_cosignatures(note.text, own));
  peer.last = checkpoint.size;
  return std::optional<std::uint64_t>{};
}

/// A size alone is any member's word. Errors: invalid: the witness shows nothing of it that our log signed.
Done check_ahead(const NodeLog& log, const WitnessPeer& peer, std::uint64_t size) {
  const auto unproved = [&] {
    return fail(
        ErrorCode::invalid,
        "witness {} says that it cosigned more of this log than its {} entries, and shows no checkpoint "
        "that the log signed",
        peer.key.name(),
        size);
  };
  if (!peer.cosigned_last) return unproved();
  const auto text = TRY(peer.cosigned_last());
  const auto note = TRY(read_note(text));
  const auto shown = TRY(Checkpoint::parse(note.text));
  bool ours = false;
  for (const auto& key : peer.log_keys) ours = TRY(signed_by(note, key)) || ours;
  if (ours && shown.origin == log.origin() && shown.size > size) return {};
  return unproved();
}

}  // namespace

Result<Cosigned> ask_witness(NodeLog& log, WitnessPeer& peer) {
  const auto note = log.checkpoint();
  if (!note) return Cosigned::nothing_to_sign;
  if (TRY(cosigned_by(*note, peer.key))) return Cosigned::nothing_to_sign;
  const auto checkpoint = TRY(Checkpoint::parse(note->text));
  for (int tries = 0; tries < 3; ++tries) {
    const auto size = TRY(ask_once(log, peer, *note, checkpoint));
    if (!size) return Cosigned::done;
    if (*size > checkpoint.size) {
      TRY(check_ahead(log, peer, checkpoint.size));
      return Cosigned::behind;
    }
    peer.last = *size;
  }
  return fail(ErrorCode::unavailable, "witness {} changes its mind", peer.key.name());
}

}  // namespace shieldwall::ledger
