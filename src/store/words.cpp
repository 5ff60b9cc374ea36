#include "store/words.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/text.h"

namespace shieldwall::store {

namespace {

char folded_letter(unsigned char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c + 32);
  const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  return letter ? static_cast<char>(c) : '\0';
}

void keep(std::string& word, std::vector<std::string>& words) {
  if (!word.empty()) words.push_back(word);
  word.clear();
}

void add_ascii_words(std::string_view text, std::vector<std::string>& words) {
  std::string word;
  for (const char c : text) {
    const char letter = folded_letter(static_cast<unsigned char>(c));
    if (letter == '\0') {
      keep(word, words);
    } else if (word.size() < word_bytes_max) {
      word += letter;
    }
  }
  keep(word, words);
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

void add_words(std::string_view text, std::vector<std::string>& words) {
  const auto all = folded(text);
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(all.data());
  std::string word;
  for (std::size_t at = 0; at < all.size();) {
    ucs4_t character = 0;
    const int length = u8_mbtouc(&character, bytes + at, all.size() - at);
    const std::string_view spelled(all.data() + at, static_cast<std::size_t>(length));
    at += static_cast<std::size_t>(length);
    if (uc_is_property_ideographic(character)) {
      keep(word, words);
      words.emplace_back(spelled);
    } else if (uc_is_general_category_withtable(
                   character, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_N)) {
      if (word.size() + spelled.size() <= word_bytes_max) word += spelled;
    } else {
      keep(word, words);
    }
  }
  keep(word, words);
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  if (is_ascii(text)) {
    add_ascii_words(text, words);
  } else {
    add_words(text, words);
  }
  std::ranges::sort(words);
  const auto rest = std::ranges::unique(words);
  words.erase(rest.begin(), rest.end());
  return words;
}

}  // namespace shieldwall::store
