#include "store/words.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/text.h"

namespace shieldwall::store {

namespace {

using Take = std::function<void(std::string_view word)>;

/// Lower case of each ASCII letter and digit; zero for what parts words.
constexpr std::array<char, 128> letters = [] {
  std::array<char, 128> table{};
  for (char c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = c;
  for (char c = 'a'; c <= 'z'; ++c) {
    table[static_cast<std::size_t>(c)] = c;
    table[static_cast<std::size_t>(c - 32)] = c;
  }
  return table;
}();

void each_ascii_word(std::string_view text, const Take& take) {
  std::array<char, word_bytes_max> word;
  std::size_t size = 0;
  for (const char c : text) {
    const char letter = letters[static_cast<unsigned char>(c)];
    if (letter != 0) {
      if (size < word.size()) word[size++] = letter;
    } else if (size > 0) {
      take({word.data(), std::exchange(size, 0)});
    }
  }
  if (size > 0) take({word.data(), size});
}

std::string folded(std::string_view text) {
  std::size_t size = 0;
  auto* const bytes = u8_casefold(
      reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), nullptr, UNINORM_NFC, nullptr, &size);
  if (bytes == nullptr) return std::string(text);  // not UTF-8: taken as it is
  std::string result(reinterpret_cast<const char*>(bytes), size);
  std::free(bytes);
  return result;
}

void each_unicode_word(std::string_view text, const Take& take) {
  const auto all = folded(text);
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(all.data());
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) take(word);
    word.clear();
  };
  for (std::size_t at = 0; at < all.size();) {
    ucs4_t character = 0;
    const int length = u8_mbtouc(&character, bytes + at, all.size() - at);
    const std::string_view spelled(all.data() + at, static_cast<std::size_t>(length));
    at += static_cast<std::size_t>(length);
    if (uc_is_property_ideographic(character)) {
      end_word();
      take(spelled);
    } else if (uc_is_general_category_withtable(
                   character, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_N)) {
      if (word.size() + spelled.size() <= word_bytes_max) word += spelled;
    } else {
      end_word();
    }
  }
  end_word();
}

}  // namespace

void each_word(std::string_view text, const Take& take) {
  if (is_ascii(text)) {
    each_ascii_word(text, take);
  } else {
    each_unicode_word(text, take);
  }
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  each_word(text, [&](std::string_view word) { words.emplace_back(word); });
  std::ranges::sort(words);
  const auto rest = std::ranges::unique(words);
  words.erase(rest.begin(), rest.end());
  return words;
}

}  // namespace shieldwall::store
