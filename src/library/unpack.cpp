#include "library/unpack.h"

#include <algorithm>

#include "base/text.h"

namespace shieldwall::library {

namespace {

constexpr std::size_t look_bytes = 6;
constexpr std::size_t piece_bytes = 256u << 10;

}  // namespace

/// What was pushed and not read yet. Dry is told as an error, after which it may be asked again.
class Unpacker::Feed final : public wire::ByteReader {
 public:
  Result<std::size_t> read(std::span<char> into) override {
    if (waiting_.empty() && !ended_) {
      dry_ = true;
      return fail(ErrorCode::unavailable, "more is to come");
    }
    const auto count = waiting_.copy(into.data(), into.size());
    waiting_.remove_prefix(count);
    return count;
  }

  void give(std::string_view packed) {
    waiting_ = packed;
    dry_ = false;
  }
  void end() {
    ended_ = true;
    dry_ = false;
  }
  bool is_dry() const { return dry_; }

 private:
  std::string_view waiting_;
  bool ended_ = false;
  bool dry_ = false;
};

Result<std::optional<wire::Compression>> Unpacker::encoding_named(std::string_view name) {
  const auto coding = to_lower_ascii(trimmed(name));
  if (coding.empty() || coding == "identity") return std::nullopt;
  if (coding == "gzip" || coding == "x-gzip") return wire::Compression::gzip;
  if (coding == "zstd") return wire::Compression::zstd;
  if (coding == "xz") return wire::Compression::xz;
  return fail(ErrorCode::invalid,
              "Content-Encoding '{}' is not understood here; send gzip, zstd, xz or none",
              excerpt(name));
}

Unpacker::Unpacker(std::optional<wire::Compression> expected, const wire::ExpansionLimits& limits)
    : compression_(expected), limits_(limits) {}
Unpacker::~Unpacker() = default;
Unpacker::Unpacker(Unpacker&&) noexcept = default;

Done Unpacker::begin() {
  if (!compression_) compression_ = wire::compression_of(head_);
  if (*compression_ == wire::Compression::none) return {};
  feed_ = std::make_unique<Feed>();
  buffer_.resize(piece_bytes);
  switch (*compression_) {
    case wire::Compression::none:
      break;
    case wire::Compression::gzip:
      reader_ = wire::gzip_reader(*feed_, limits_);
      break;
    case wire::Compression::zstd:
      reader_ = wire::zstd_reader(*feed_, limits_);
      break;
    case wire::Compression::xz:
      reader_ = wire::xz_reader(*feed_, limits_);
      break;
  }
  return {};
}

Done Unpacker::drain(const Take& take) {
  for (;;) {
    const auto got = reader_->read(buffer_);
    if (!got && feed_->is_dry()) return {};
    if (!got) return fail(got.error());
    if (*got == 0) return {};
    TRY(take(std::string_view(buffer_).substr(0, *got)));
  }
}

Done Unpacker::push(std::string_view packed, const Take& take) {
  std::string head;
  if (!reader_ && (!compression_ || *compression_ != wire::Compression::none)) {
    head_ += packed;
    if (head_.size() < look_bytes && !compression_) return {};
    TRY(begin());
    head = std::exchange(head_, {});
    packed = head;
  }
  if (!reader_) return packed.empty() ? Done{} : take(packed);
  feed_->give(packed);
  return drain(take);
}

Done Unpacker::finish(const Take& take) {
  if (!compression_) {
    TRY(begin());
    const auto head = std::exchange(head_, {});
    if (!reader_) return head.empty() ? Done{} : take(head);
    feed_->give(head);
    TRY(drain(take));
  }
  if (!reader_ && *compression_ != wire::Compression::none)
    TRY(begin());  // an empty body that said it is packed
  if (!reader_) return {};
  feed_->end();
  return drain(take);
}

}  // namespace shieldwall::library
