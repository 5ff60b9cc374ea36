#include "ledger/log/note.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace shieldwall::ledger {

namespace {

constexpr std::string_view dash = "\u2014 ";  // em dash, space: how a signature line begins
constexpr std::string_view cosignature_domain = "cosignature/v1\n";
constexpr std::size_t cosignature_bytes = 8 + 64;  // time, Ed25519

Bytes big_endian(std::uint64_t number, int bytes) {
  Bytes text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text += static_cast<char>(number >> shift & 0xff);
  return text;
}

std::uint64_t from_big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

bool is_key_name(std::string_view name) {
  // Unicode spaces are refused by their bytes: none of ours has any, and ASCII is what the checks of others
  // agree on.
  return !name.empty() && is_valid_utf8(name) && std::ranges::none_of(name, [](char c) {
    return c == '+' || static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
  });
}

Done check_text(std::string_view text) {
  if (!text.ends_with('\n')) return fail(ErrorCode::invalid, "a note's text ends with a newline");
  if (!is_valid_utf8(text)) return fail(ErrorCode::invalid, "a note is UTF-8");
  const auto control = [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\n'; };
  if (std::ranges::any_of(text, control))
    return fail(ErrorCode::invalid, "a note has no control characters but newlines");
  return {};
}

Result<NoteSignature> read_signature(std::string_view line) {
  if (!line.starts_with(dash))
    return fail(ErrorCode::invalid, "a signature line begins with an em dash and a space");
  line.remove_prefix(dash.size());
  const auto space = line.find(' ');
  if (space == std::string_view::npos)
    return fail(ErrorCode::invalid, "a signature line has a name and a signature");
  NoteSignature signature;
  signature.name = line.substr(0, space);
  if (!is_key_name(signature.name))
    return fail(ErrorCode::invalid, "{} is no name of a key", excerpt(signature.name));
  const auto bytes = TRY(from_base64(line.substr(space + 1)));
  if (bytes.size() < 5) return fail(ErrorCode::invalid, "{}'s signature is too short", signature.name);
  signature.key_id = static_cast<std::uint32_t>(from_big_endian(std::string_view(bytes).substr(0, 4)));
  signature.signature = bytes.substr(4);
  return signature;
}

std::unexpected<Error> does_not_verify(const NoteKey& key) {
  return fail(ErrorCode::invalid, "the signature of {} does not verify", key.name());
}

std::string cosigned_text(std::string_view checkpoint, std::uint64_t seconds) {
  return fmt::format("{}time {}\n{}", cosignature_domain, seconds, checkpoint);
}

}  // namespace

Result<NoteKey> NoteKey::make(std::string_view name, NoteKeyType type, const VerifyKey& key) {
  if (!is_key_name(name))
    return fail(ErrorCode::invalid, "a key's name has no spaces and no plus; this is \"{}\"", excerpt(name));
  NoteKey made;
  made.name_ = name;
  made.type_ = type;
  made.key_ = key;
  Sha256 hash;
  hash.add(name);
  hash.add("\n");
  hash.add(big_endian(static_cast<std::uint8_t>(type), 1));
  hash.add(key.view());
  made.id_ = static_cast<std::uint32_t>(from_big_endian(hash.finish().view().substr(0, 4)));
  return made;
}

Result<NoteKey> NoteKey::parse(std::string_view text) {
  // The key's base64 may hold a plus, so only the first two separate.
  const auto first = text.find('+');
  const auto second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return fail(ErrorCode::invalid, "a key is written name+hash+key");
  const auto bytes = TRY(from_base64(text.substr(second + 1)));
  const auto type = bytes.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(bytes[0]);
  if (type != 1 && type != 4)
    return fail(ErrorCode::invalid,
                "{}: keys of algorithm {} are not known here",
                excerpt(text.substr(0, first)),
                type);
  const auto key = TRY(VerifyKey::from(std::string_view(bytes).substr(1)));
  auto made = TRY(make(text.substr(0, first), static_cast<NoteKeyType>(type), key));
  if (text.substr(first + 1, second - first - 1) != fmt::format("{:08x}", made.id()))
    return fail(ErrorCode::invalid, "{}: the hash in the key's text is not that of the key", made.name());
  return made;
}

std::string NoteKey::text() const {
  return fmt::format(
      "{}+{:08x}+{}", name_, id_, to_base64(big_endian(static_cast<std::uint8_t>(type_), 1) += key_.view()));
}

Result<Note> read_note(std::string_view bytes) {
  if (bytes.size() > note_bytes_max)
    return fail(ErrorCode::invalid, "a note of more than {} bytes", note_bytes_max);
  const auto blank = bytes.rfind("\n\n");
  if (blank == std::string_view::npos)
    return fail(ErrorCode::invalid, "a note has an empty line before its signatures");
  Note note{.text = std::string(bytes.substr(0, blank + 1)), .signatures = {}};
  TRY(check_text(note.text));
  note.signatures = TRY(read_signatures(bytes.substr(blank + 2)));
  return note;
}

std::string write_note(const Note& note) {
  auto bytes = note.text + "\n";
  for (const auto& signature : note.signatures) bytes += write_signature(signature);
  return bytes;
}

std::string write_signature(const NoteSignature& signature) {
  return fmt::format(
      "{}{} {}\n", dash, signature.name, to_base64(big_endian(signature.key_id, 4) += signature.signature));
}

Result<std::vector<NoteSignature>> read_signatures(std::string_view lines) {
  std::vector<NoteSignature> signatures;
  if (lines.empty()) return fail(ErrorCode::invalid, "a note has a signature");
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    if (end == std::string_view::npos)
      return fail(ErrorCode::invalid, "a signature line ends with a newline");
    if (signatures.size() == note_signatures_max)
      return fail(ErrorCode::invalid, "a note with more than {} signatures", note_signatures_max);
    signatures.push_back(TRY(read_signature(lines.substr(0, end))));
    lines.remove_prefix(end + 1);
  }
  return signatures;
}

Result<NoteSigners> signers_of(std::string_view name,
                               NoteKeyType type,
                               const SigningKey& present,
                               std::span<const SigningKey> replaced) {
  NoteSigners signers;
  signers.push_back({TRY(NoteKey::make(name, type, present.verify_key())), present});
  for (const auto& key : replaced) signers.push_back({TRY(NoteKey::make(name, type, key.verify_key())), key});
  return signers;
}

const NoteSignature* signature_of(const Note& note, const NoteKey& key) {
  const auto found = std::ranges::find_if(
      note.signatures, [&](const auto& one) { return one.name == key.name() && one.key_id == key.id(); });
  return found == note.signatures.end() ? nullptr : &*found;
}

NoteSignature sign_note(std::string_view text, const NoteKey& as, const SigningKey& key) {
  return {.name = as.name(), .key_id = as.id(), .signature = Bytes(key.sign(text).view())};
}

Result<bool> signed_by(const Note& note, const NoteKey& key) {
  const auto* found = signature_of(note, key);
  if (found == nullptr) return false;
  const auto signature = Signature::from(found->signature);
  if (!signature || !verifies(key.key(), note.text, *signature)) return does_not_verify(key);
  return true;
}

NoteSignature cosign(std::string_view checkpoint, const NoteKey& as, const SigningKey& key, Timestamp time) {
  const auto seconds = static_cast<std::uint64_t>(time.us / 1'000'000);
  const auto signature = key.sign(cosigned_text(checkpoint, seconds));
  return {.name = as.name(), .key_id = as.id(), .signature = big_endian(seconds, 8) += signature.view()};
}

Result<std::optional<Timestamp>> cosigned_by(const Note& note, const NoteKey& key) {
  const auto* found = signature_of(note, key);
  if (found == nullptr) return std::optional<Timestamp>();
  if (found->signature.size() != cosignature_bytes) return does_not_verify(key);
  const auto bytes = std::string_view(found->signature);
  const auto seconds = from_big_endian(bytes.substr(0, 8));
  const auto signature = TRY(Signature::from(bytes.substr(8)));
  constexpr std::uint64_t seconds_max = INT64_MAX / 1'000'000;
  if (seconds > seconds_max || !verifies(key.key(), cosigned_text(note.text, seconds), signature))
    return does_not_verify(key);
  return std::optional(Timestamp{static_cast<std::int64_t>(seconds) * 1'000'000});
}

}  // namespace shieldwall::ledger
