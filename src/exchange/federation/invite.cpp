#include "exchange/federation/invite.h"

#include <algorithm>

#include "base/text.h"
#include "ledger/alliance.h"
#include "net/url.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr std::string_view scheme = "sw1:";
constexpr std::string_view phrase_domain = "shieldwall/comparison/v1";

/// Sixteen bits as five letters that can be spoken: consonant, vowel, consonant, vowel, consonant.
std::string word_of(unsigned bits) {
  constexpr std::string_view consonants = "bdfghjklmnprstvz";
  constexpr std::string_view vowels = "aiou";
  return {consonants[bits >> 12 & 15],
          vowels[bits >> 10 & 3],
          consonants[bits >> 6 & 15],
          vowels[bits >> 4 & 3],
          consonants[bits & 15]};
}

Digest digest_of(const policy::RosterMember& member) {
  Sha256 hash;
  hash.add(member.organisation.uuid.view());
  for (const auto& key : ledger::keys_for(member, policy::KeyUse::root)) hash.add(key.key);
  for (const auto& pin : member.pins) hash.add(pin.view());
  return hash.finish();
}

}  // namespace

std::string Invite::text() const {
  return fmt::format("{}{}/{}", scheme, address, to_base64url(Bytes(pin.view()) + code));
}

Result<Invite> Invite::parse(std::string_view text) {
  text = trimmed(text);
  if (text.size() > invite_bytes_max || !text.starts_with(scheme))
    return fail(ErrorCode::invalid, "this is no invitation: it begins with '{}'", scheme);
  text.remove_prefix(scheme.size());
  const auto slash = text.rfind('/');
  if (slash == text.npos) return fail(ErrorCode::invalid, "the invitation is cut off: it has no '/'");
  Invite invite{.address = std::string(text.substr(0, slash))};
  const auto url = net::Url::parse("https://" + invite.address);
  if (!url || url->target != "/")
    return fail(ErrorCode::invalid, "the invitation names no address: '{}'", excerpt(invite.address));
  const auto secret = from_base64url(text.substr(slash + 1));
  if (!secret || secret->size() != sizeof(Digest::bytes) + invite_code_bytes)
    return fail(ErrorCode::invalid, "the invitation is cut off or altered behind the '/'");
  std::copy_n(secret->begin(), invite.pin.bytes.size(), invite.pin.bytes.begin());
  invite.code = secret->substr(invite.pin.bytes.size());
  return invite;
}

std::string comparison_phrase(const AllianceId& alliance,
                              const policy::RosterMember& one,
                              const policy::RosterMember& other) {
  auto first = digest_of(one);
  auto second = digest_of(other);
  if (second < first) std::swap(first, second);
  Sha256 hash;
  hash.add(phrase_domain);
  hash.add(alliance.uuid.view());
  hash.add(first.view());
  hash.add(second.view());
  const auto digest = hash.finish();
  std::string phrase;
  for (std::size_t i = 0; i < 6; i += 2) {
    if (!phrase.empty()) phrase += '-';
    phrase += word_of(static_cast<unsigned>(digest.bytes[i]) << 8 | digest.bytes[i + 1]);
  }
  return phrase;
}

}  // namespace shieldwall::exchange::federation
