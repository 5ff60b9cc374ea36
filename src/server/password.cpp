#include "server/password.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

#include <sodium.h>

#include "base/bytes.h"
#include "base/text.h"

namespace shieldwall::server {

namespace {

constexpr std::size_t hash_bytes = 32;

/// "argon2id$passes$memory$salt$hash", the last two in base64url.
struct Stored {
  PasswordCost cost;
  Bytes salt;
  Bytes hash;
};

std::optional<Stored> parse(std::string_view text) {
  const auto parts = split(text, '$');
  if (parts.size() != 5 || parts[0] != "argon2id") return std::nullopt;
  auto salt = from_base64url(parts[3]);
  auto hash = from_base64url(parts[4]);
  if (!salt || !hash || salt->size() != crypto_pwhash_SALTBYTES || hash->size() != hash_bytes)
    return std::nullopt;
  return Stored{{std::strtoull(std::string(parts[1]).c_str(), nullptr, 10),
                 std::strtoull(std::string(parts[2]).c_str(), nullptr, 10)},
                std::move(*salt),
                std::move(*hash)};
}

Result<Bytes> argon2id(std::string_view password, std::string_view salt, const PasswordCost& cost) {
  Bytes hash(hash_bytes, '\0');
  const int status = crypto_pwhash(reinterpret_cast<unsigned char*>(hash.data()),
                                   hash.size(),
                                   password.data(),
                                   password.size(),
                                   reinterpret_cast<const unsigned char*>(salt.data()),
                                   cost.passes,
                                   cost.memory_bytes,
                                   crypto_pwhash_ALG_ARGON2ID13);
  if (status != 0) return fail(ErrorCode::exhausted, "no memory to check a password; try again");
  return hash;
}

Result<std::string> text_of(std::string_view password, Bytes salt, const PasswordCost& cost) {
  const auto hash = TRY(argon2id(password, salt, cost));
  return fmt::format(
      "argon2id${}${}${}${}", cost.passes, cost.memory_bytes, to_base64url(salt), to_base64url(hash));
}

}  // namespace

/// A place among the few that hash now.
class PasswordHasher::Turn {
 public:
  static Result<std::unique_ptr<Turn>> take(PasswordHasher& hasher, Deadline deadline) {
    std::unique_lock lock(hasher.mutex_);
    if (hasher.running_ >= hasher.limits_.at_once) {
      if (hasher.waiting_ >= hasher.limits_.queue_max)
        return fail(ErrorCode::exhausted, "too many are signing in now; try again in a few seconds");
      ++hasher.waiting_;
      const bool free = hasher.freed_.wait_for(lock, std::chrono::microseconds(deadline.left().us), [&] {
        return hasher.running_ < hasher.limits_.at_once;
      });
      --hasher.waiting_;
      if (!free) return fail(ErrorCode::exhausted, "too many are signing in now; try again in a few seconds");
    }
    ++hasher.running_;
    return std::make_unique<Turn>(hasher);
  }
  explicit Turn(PasswordHasher& hasher) : hasher_(hasher) {}
  ~Turn() {
    {
      const std::lock_guard lock(hasher_.mutex_);
      --hasher_.running_;
    }
    hasher_.freed_.notify_one();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  PasswordHasher& hasher_;
};

PasswordHasher::PasswordHasher(Random& random, PasswordCost cost, Limits limits)
    : random_(random), cost_(cost), limits_(limits) {
  // Never equal to any password's hash: its hash part is drawn at random.
  dummy_ = fmt::format("argon2id${}${}${}${}",
                       cost.passes,
                       cost.memory_bytes,
                       to_base64url(random.bytes(crypto_pwhash_SALTBYTES)),
                       to_base64url(random.bytes(hash_bytes)));
}

Result<std::string> PasswordHasher::hash(std::string_view password, Deadline deadline) {
  TRY(check_password(password));
  const auto turn = TRY(Turn::take(*this, deadline));
  return text_of(password, random_.bytes(crypto_pwhash_SALTBYTES), cost_);
}

Result<bool> PasswordHasher::verify(std::string_view password, const std::string& stored, Deadline deadline) {
  if (password.size() > password_bytes_max) return false;  // no stored password is that long
  const auto parsed = parse(stored.empty() ? dummy_ : stored);
  if (!parsed) return fail(ErrorCode::corrupt, "a stored password hash cannot be read; set a new password");
  const auto turn = TRY(Turn::take(*this, deadline));
  const auto hash = TRY(argon2id(password, parsed->salt, parsed->cost));
  return equal_in_constant_time(hash, parsed->hash) && !stored.empty();
}

bool PasswordHasher::is_outdated(const std::string& stored) const {
  const auto parsed = parse(stored);
  return parsed && parsed->cost != cost_;
}

Done check_password(std::string_view password) {
  if (!is_valid_utf8(password)) return fail(ErrorCode::invalid, "the password is not UTF-8");
  const auto is_first = [](unsigned char c) { return (c & 0xc0) != 0x80; };  // of a character's bytes
  if (static_cast<std::size_t>(std::ranges::count_if(password, is_first)) < password_characters_min)
    return fail(ErrorCode::invalid,
                "the password is shorter than {} characters; a sentence of four words is long enough",
                password_characters_min);
  if (password.size() > password_bytes_max)
    return fail(ErrorCode::invalid, "the password is longer than {} bytes", password_bytes_max);
  for (const unsigned char c : password)
    if (c < 0x20 || c == 0x7f) return fail(ErrorCode::invalid, "the password has a control character");
  return {};
}

}  // namespace shieldwall::server
