#pragma once
// How large a roster may be. Each bound is far beyond the largest alliance foreseen: 1,532 members.

#include <cstddef>

namespace shieldwall::policy {

inline constexpr std::size_t members_max = 10'000;
inline constexpr std::size_t member_bytes_max = 1u << 20;
inline constexpr std::size_t roster_bytes_max = 32u << 20;  // 10,000 members of 3 KB each
inline constexpr std::size_t member_text_bytes_max = 256;   // names; a line on a screen
inline constexpr std::size_t address_bytes_max = 1'024;
inline constexpr std::size_t clients_max = 10'000;
inline constexpr std::size_t keys_max = 16;  // each use, old and new, with room
inline constexpr std::size_t key_bytes = 32;
inline constexpr std::size_t pins_max = 8;
inline constexpr std::size_t contacts_max = 64;
inline constexpr std::size_t expertise_max = 128;
inline constexpr std::size_t terms_max = 256;
inline constexpr std::size_t founders_max = 1'000;
inline constexpr std::size_t delegations_max = 10'000;
inline constexpr std::size_t equivalences_max = 10'000;

}  // namespace shieldwall::policy
