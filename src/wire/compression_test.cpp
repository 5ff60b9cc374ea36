#include "wire/compression.h"

#include <doctest/doctest.h>
#include <lzma.h>
#include <zstd.h>

using namespace shieldwall;
using namespace shieldwall::wire;

namespace {

/// Gives its text in pieces of the given size: boundaries fall anywhere.
class Drip final : public ByteReader {
 public:
  Drip(std::string_view text, std::size_t piece) : text_(text), piece_(piece) {}
  Result<std::size_t> read(std::span<char> into) override {
    return text_.read(into.first(std::min(into.size(), piece_)));
  }

 private:
  MemoryReader text_;
  std::size_t piece_;
};

struct Unpacked {
  std::string text;
  std::string error;
  ErrorCode code = ErrorCode::internal;
};

Unpacked unpacked(std::string_view packed, std::size_t piece = 7, const ExpansionLimits& limits = {}) {
  Drip source(packed, piece);
  const auto kind = compression_of(packed);
  const auto reader = kind == Compression::xz     ? xz_reader(source, limits)
                      : kind == Compression::zstd ? zstd_reader(source, limits)
                                                  : gzip_reader(source, limits);
  Unpacked result;
  for (;;) {
    char block[13];
    const auto size = reader->read(block);
    if (!size) {
      result.error = size.error().message;
      result.code = size.error().code;
      return result;
    }
    if (*size == 0) return result;
    result.text.append(block, *size);
  }
}

std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string xz(std::string_view text, std::uint32_t dictionary_bytes = 1u << 20) {
  lzma_options_lzma options;
  lzma_lzma_preset(&options, 6);
  options.dict_size = dictionary_bytes;
  lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  std::string out(lzma_stream_buffer_bound(text.size()), '\0');
  std::size_t size = 0;
  auto* const bytes = reinterpret_cast<std::uint8_t*>(out.data());
  const auto* const from = reinterpret_cast<const std::uint8_t*>(text.data());
  REQUIRE(lzma_stream_buffer_encode(
              filters, LZMA_CHECK_CRC64, nullptr, from, text.size(), bytes, &size, out.size()) == LZMA_OK);
  out.resize(size);
  return out;
}

std::string a_log() {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += fmt::format("{} 192.0.2.{} evil.example\n", i, i % 256);
  return text;
}

}  // namespace

TEST_CASE("gzip, zstd and xz give back what was packed, whatever the pieces") {
  const auto text = a_log();
  for (const auto& packed : {gzip(text), zstd(text), xz(text)})
    for (const std::size_t piece : {1u, 100u, 1'000'000u}) {
      const auto result = unpacked(packed, piece);
      CHECK(result.error == "");
      CHECK(result.text == text);
    }
}

TEST_CASE("members and frames one behind the other are one text, and zero padding is nothing") {
  CHECK(unpacked(gzip("a") + gzip("") + gzip("b") + std::string(700, '\0')).text == "ab");
  CHECK(unpacked(gzip("a") + std::string(700, '\0')).error == "");
  CHECK(unpacked(zstd("a") + zstd("") + zstd("b")).text == "ab");
  CHECK(unpacked(zstd("a") + zstd("b")).error == "");
  CHECK(unpacked(xz("a") + xz("") + xz("b") + std::string(700, '\0')).text == "ab");
  CHECK(unpacked(xz("a") + std::string(700, '\0')).error == "");
}

TEST_CASE("a stream cut at any byte gives what came before and says so") {
  const std::string text = a_log().substr(0, 300);
  for (const auto& packed : {gzip(text), zstd(text), xz(text)})
    for (std::size_t size = 6; size < packed.size(); ++size) {
      const auto result = unpacked(packed.substr(0, size));
      CHECK(result.code == ErrorCode::corrupt);
      CHECK(text.starts_with(result.text));
    }
}

TEST_CASE("damage and foreign bytes behind the stream are told") {
  auto packed = gzip(a_log());
  packed[packed.size() / 2] = static_cast<char>(packed[packed.size() / 2] ^ 0x55);
  CHECK(unpacked(packed).code == ErrorCode::corrupt);
  CHECK(unpacked(gzip("a") + "rest").error.find("something else follows") != std::string::npos);
  CHECK(unpacked(zstd("a") + "rest").code == ErrorCode::corrupt);
  auto xz_packed = xz(a_log());
  xz_packed[xz_packed.size() / 2] = static_cast<char>(xz_packed[xz_packed.size() / 2] ^ 0x55);
  CHECK(unpacked(xz_packed).code == ErrorCode::corrupt);
  CHECK(unpacked(xz("a") + "rest").code == ErrorCode::corrupt);
}

TEST_CASE("a bomb is stopped by its size or by its ratio, an honest log by neither") {
  const std::string zeros(1u << 20, '\0');
  const ExpansionLimits tight{.bytes_max = 1u << 30, .ratio_max = 100, .ratio_from_bytes = 1u << 16};
  CHECK(unpacked(gzip(zeros), 4096, tight).code == ErrorCode::exhausted);
  CHECK(unpacked(zstd(zeros), 4096, tight).code == ErrorCode::exhausted);
  CHECK(unpacked(xz(zeros), 4096, tight).code == ErrorCode::exhausted);
  CHECK(unpacked(xz(zeros), 4096, {.bytes_max = 1000}).code == ErrorCode::exhausted);
  CHECK(unpacked(xz(a_log()), 4096, tight).error == "");
  CHECK(unpacked(gzip(a_log() + a_log()), 4096, tight).error == "");
  CHECK(unpacked(zstd(zeros), 4096, {.bytes_max = 1000}).code == ErrorCode::exhausted);
}

TEST_CASE("an xz stream may not ask for more memory than is given") {
  CHECK(unpacked(xz("a", 128u << 20)).text == "a");
  const auto result = unpacked(xz("a", 512u << 20));
  CHECK(result.code == ErrorCode::exhausted);
  CHECK(result.error.find("MiB of memory") != std::string::npos);
}

TEST_CASE("a small gzip text is read whole, up to its limit") {
  CHECK(*gunzip(gzip("hello"), 5) == "hello");
  CHECK(gunzip(gzip("hello!"), 5).error().code == ErrorCode::exhausted);
  CHECK(gunzip("hello", 5).error().code == ErrorCode::corrupt);
  CHECK(gunzip("", 5).error().code == ErrorCode::corrupt);
}

TEST_CASE("compression is known by the first bytes") {
  CHECK(compression_of(gzip("a")) == Compression::gzip);
  CHECK(compression_of(zstd("a")) == Compression::zstd);
  CHECK(compression_of(zstd("a")) == Compression::zstd);
  CHECK(compression_of(xz("a")) == Compression::xz);
  CHECK(compression_of("{}") == Compression::none);
  CHECK(compression_of("") == Compression::none);
}
