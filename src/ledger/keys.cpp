#include "ledger/keys.h"

#include <algorithm>

#include <sodium.h>

#include "base/text.h"

namespace shieldwall::ledger {

namespace {

using policy::Algorithm;
using policy::KeyUse;
using policy::MemberKey;

constexpr std::string_view first_line = "shieldwall-keys-v1";

static_assert(crypto_box_SEALBYTES == seal_bytes);
static_assert(crypto_box_SECRETKEYBYTES == SealingKey::secret_bytes);

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* raw(Bytes& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

MemberKey signing_key(KeyUse use, const SigningKey& key) {
  return {.use = use, .algorithm = Algorithm::ed25519, .key = Bytes(key.verify_key().view())};
}

MemberKey sealing_key(const SealingKey& key) {
  return {.use = KeyUse::sealing, .algorithm = Algorithm::x25519, .key = key.public_key()};
}

std::string line_of(std::string_view use, std::string_view secret) {
  return fmt::format("{} {}\n", use, to_hex(secret));
}

template <typename Key>
void replace(Key& present, std::vector<Key>& replaced, Key next) {
  replaced.insert(replaced.begin(), std::exchange(present, std::move(next)));
}

/// The keys of one use as the file lists them, newest first.
struct Secrets {
  std::vector<SigningKey> root{};
  std::vector<SigningKey> statement{};
  std::vector<SigningKey> witness{};
  std::vector<SealingKey> sealing{};

  Done take(std::string_view use, std::string_view secret) {
    if (use == "sealing") {
      auto key = TRY(SealingKey::from_secret(secret));
      sealing.push_back(std::move(key));
      return {};
    }
    const auto list = use == "root"        ? &root
                      : use == "statement" ? &statement
                      : use == "witness"   ? &witness
                                           : nullptr;
    if (list == nullptr) return fail(ErrorCode::invalid, "'{}' is no use of a key", excerpt(use));
    auto key = TRY(SigningKey::from_seed(secret));
    list->push_back(std::move(key));
    return {};
  }
};

template <typename Key>
std::vector<Key> after_first(std::vector<Key>& keys) {
  return {std::make_move_iterator(keys.begin() + 1), std::make_move_iterator(keys.end())};
}

}  // namespace

SealingKey::~SealingKey() {
  sodium_memzero(secret_.data(), secret_.size());
}

SealingKey SealingKey::make(Random& random) {
  auto secret = random.bytes(secret_bytes);
  auto key = from_secret(secret);
  sodium_memzero(secret.data(), secret.size());
  return std::move(*key);
}

Result<SealingKey> SealingKey::from_secret(std::string_view secret) {
  if (secret.size() != secret_bytes)
    return fail(ErrorCode::invalid, "a sealing key has {} bytes, not {}", secret_bytes, secret.size());
  SealingKey key;
  std::copy(secret.begin(), secret.end(), key.secret_.begin());
  key.public_.resize(crypto_box_PUBLICKEYBYTES);
  crypto_scalarmult_base(raw(key.public_), key.secret_.data());
  return key;
}

Result<Bytes> SealingKey::open(std::string_view sealed) const {
  if (sealed.size() < seal_bytes) return fail(ErrorCode::invalid, "too short for a sealed box");
  Bytes content(sealed.size() - seal_bytes, '\0');
  if (crypto_box_seal_open(raw(content), raw(sealed), sealed.size(), raw(public_), secret_.data()) != 0)
    return fail(ErrorCode::invalid, "not sealed to this key, or altered");
  return content;
}

std::string_view SealingKey::secret() const {
  return {reinterpret_cast<const char*>(secret_.data()), secret_.size()};
}

Result<Bytes> seal_to(std::string_view public_key, std::string_view content) {
  Bytes sealed(content.size() + seal_bytes, '\0');
  if (public_key.size() != crypto_box_PUBLICKEYBYTES ||
      crypto_box_seal(raw(sealed), raw(content), content.size(), raw(public_key)) != 0)
    return fail(ErrorCode::invalid, "nothing can be sealed to that key");
  return sealed;
}

NodeKeys NodeKeys::make(Random& random) {
  return {.root = SigningKey::make(random),
          .statement = SigningKey::make(random),
          .witness = SigningKey::make(random),
          .sealing = SealingKey::make(random)};
}

MemberKey NodeKeys::public_root() const {
  return signing_key(KeyUse::root, root);
}

MemberKey NodeKeys::public_statement() const {
  return signing_key(KeyUse::statement, statement);
}

MemberKey NodeKeys::public_witness() const {
  return signing_key(KeyUse::witness, witness);
}

MemberKey NodeKeys::public_sealing() const {
  return sealing_key(sealing);
}

std::vector<MemberKey> NodeKeys::public_keys() const {
  std::vector<MemberKey> keys = {public_root(), public_statement(), public_witness(), public_sealing()};
  for (const auto& key : replaced.root) keys.push_back(signing_key(KeyUse::root, key));
  for (const auto& key : replaced.statement) keys.push_back(signing_key(KeyUse::statement, key));
  for (const auto& key : replaced.witness) keys.push_back(signing_key(KeyUse::witness, key));
  for (const auto& key : replaced.sealing) keys.push_back(sealing_key(key));
  std::ranges::sort(keys);
  return keys;
}

Result<Bytes> NodeKeys::open(std::string_view sealed) const {
  auto content = sealing.open(sealed);
  for (const auto& key : replaced.sealing) {
    if (content) break;
    content = key.open(sealed);
  }
  return content;
}

Done roll_over(NodeKeys& keys, Random& random) {
  if (keys.replaced.statement.size() >= replaced_max)
    return fail(ErrorCode::exhausted,
                "{} rollovers overlap already; end the overlap before the next one",
                keys.replaced.statement.size());
  replace(keys.statement, keys.replaced.statement, SigningKey::make(random));
  replace(keys.witness, keys.replaced.witness, SigningKey::make(random));
  replace(keys.sealing, keys.replaced.sealing, SealingKey::make(random));
  return {};
}

Done roll_root(NodeKeys& keys, Random& random) {
  if (!keys.replaced.root.empty())
    return fail(ErrorCode::conflict,
                "the organisation's key is being replaced already; end that overlap before the next one");
  replace(keys.root, keys.replaced.root, SigningKey::make(random));
  return {};
}

void end_overlap(NodeKeys& keys) {
  keys.replaced = {};
}

Bytes encode(const NodeKeys& keys) {
  Bytes text(first_line);
  text += '\n';
  text += line_of("root", keys.root.seed());
  for (const auto& key : keys.replaced.root) text += line_of("root", key.seed());
  text += line_of("statement", keys.statement.seed());
  for (const auto& key : keys.replaced.statement) text += line_of("statement", key.seed());
  text += line_of("witness", keys.witness.seed());
  for (const auto& key : keys.replaced.witness) text += line_of("witness", key.seed());
  text += line_of("sealing", keys.sealing.secret());
  for (const auto& key : keys.replaced.sealing) text += line_of("sealing", key.secret());
  return text;
}

Result<NodeKeys> decode_keys(std::string_view text) {
  if (!text.ends_with('\n')) return fail(ErrorCode::invalid, "the key file is cut off");
  const auto lines = split(text.substr(0, text.size() - 1), '\n');
  if (lines.front() != first_line) return fail(ErrorCode::invalid, "line 1: not '{}'", first_line);
  Secrets secrets;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto space = lines[i].find(' ');
    const auto secret = from_hex(space == lines[i].npos ? "" : lines[i].substr(space + 1));
    auto taken = secret ? secrets.take(lines[i].substr(0, space), *secret) : Done(fail(secret.error()));
    if (!taken) return fail(std::move(taken).error().within(fmt::format("line {}", i + 1)));
  }
  if (secrets.root.size() > 2)
    return fail(ErrorCode::invalid, "the key file names more roots than the present and the one before");
  if (secrets.root.empty() || secrets.statement.empty() || secrets.witness.empty() || secrets.sealing.empty())
    return fail(ErrorCode::invalid, "the key file lacks a key");
  return NodeKeys{.root = secrets.root.front(),
                  .statement = secrets.statement.front(),
                  .witness = secrets.witness.front(),
                  .sealing = secrets.sealing.front(),
                  .replaced = {.root = after_first(secrets.root),
                               .statement = after_first(secrets.statement),
                               .witness = after_first(secrets.witness),
                               .sealing = after_first(secrets.sealing)}};
}

Result<KeyRing::Keys> KeyRing::keys() const {
  auto keys = keys_.load();
  if (!keys) return fail(ErrorCode::unavailable, "this node has no keys");
  return keys;
}

void KeyRing::set(NodeKeys keys) {
  keys_.store(std::make_shared<const NodeKeys>(std::move(keys)));
}

}  // namespace shieldwall::ledger
