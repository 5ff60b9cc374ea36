#pragma once
// Which words a text holds: one reading for every store, so that the same search finds the same objects.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace shieldwall::store {

/// A longer word is cut: base64 and hashes in prose must not cost more than prose.
inline constexpr std::size_t word_bytes_max = 128;

/// The words of `text`, case-folded and composed (NFC), sorted, each once. A word is a run of letters, marks
/// and digits; an ideograph is a word of its own. Bytes that are no UTF-8 part words.
std::vector<std::string> words_of(std::string_view text);

/// The same words in the order of the text, as often as they stand there.
void each_word(std::string_view text, const std::function<void(std::string_view word)>& take);

}  // namespace shieldwall::store
