#include "base/time.h"

#include <chrono>

namespace shieldwall {

namespace {

/// Reads digits and punctuation from left to right and remembers where it stopped.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool digits(int count, int& value) {
    value = 0;
    for (int i = 0; i < count; ++i, ++at_) {
      if (at_ >= text_.size() || !is_digit(text_[at_])) return false;
      value = value * 10 + (text_[at_] - '0');
    }
    return true;
  }

  bool one_of(std::string_view allowed) {
    if (at_ >= text_.size() || !allowed.contains(text_[at_])) return false;
    ++at_;
    return true;
  }

  bool peek(char c) const { return at_ < text_.size() && text_[at_] == c; }

  std::string_view run_of_digits() {
    const auto start = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  bool at_end() const { return at_ == text_.size(); }
  std::size_t at() const { return at_; }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  std::string_view text_;
  std::size_t at_ = 0;
};

struct Fields {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offset_minutes = 0;
  std::string_view fraction;
};

struct Rules {
  std::string_view separator = "T";
  std::string_view zulu = "Z";
  bool offsets = false;
};

std::unexpected<Error> bad_time(std::string_view text, std::size_t at) {
  return fail(ErrorCode::invalid, "'{}' is not an RFC 3339 time: see offset {}", text.substr(0, 64), at);
}

bool read_offset(Reader& in, Fields& f) {
  const bool negative = in.peek('-');
  int hours = 0;
  int mins = 0;
  if (!in.one_of("+-") || !in.digits(2, hours)) return false;
  in.one_of(":");
  if (!in.digits(2, mins) || hours > 23 || mins > 59) return false;
  f.offset_minutes = (hours * 60 + mins) * (negative ? -1 : 1);
  return true;
}

Result<Fields> read_fields(std::string_view text, const Rules& rules) {
  Reader in(text);
  Fields f;
  const bool clock = in.digits(4, f.year) && in.one_of("-") && in.digits(2, f.month) && in.one_of("-") &&
                     in.digits(2, f.day) && in.one_of(rules.separator) && in.digits(2, f.hour) &&
                     in.one_of(":") && in.digits(2, f.minute) && in.one_of(":") && in.digits(2, f.second);
  if (!clock) return bad_time(text, in.at());
  if (in.one_of(".")) {
    f.fraction = in.run_of_digits();
    if (f.fraction.empty()) return bad_time(text, in.at());
  }
  if (!in.one_of(rules.zulu) && !(rules.offsets && read_offset(in, f))) return bad_time(text, in.at());
  if (!in.at_end()) return bad_time(text, in.at());
  return f;
}

Result<Timestamp> instant_of(const Fields& f, std::string_view text) {
  using namespace std::chrono;
  const year_month_day date{
      year{f.year}, month(static_cast<unsigned>(f.month)), day(static_cast<unsigned>(f.day))};
  if (!date.ok() || f.hour > 23 || f.minute > 59 || f.second > 60)
    return fail(ErrorCode::invalid, "'{}' is no day or time of the calendar", text.substr(0, 64));
  const std::int64_t day_number = sys_days{date}.time_since_epoch().count();
  std::int64_t us =
      ((day_number * 24 + f.hour) * 60 + f.minute - f.offset_minutes) * 60 + std::min(f.second, 59);
  us *= 1'000'000;
  std::int64_t scale = 100'000;
  for (const char digit : f.fraction.substr(0, 6)) {
    us += (digit - '0') * scale;
    scale /= 10;
  }
  return Timestamp{us};
}

std::string text_of(Timestamp at, int digits) {
  using namespace std::chrono;
  const sys_time<std::chrono::microseconds> instant{std::chrono::microseconds{at.us}};
  const auto midnight = floor<std::chrono::days>(instant);
  const year_month_day date{midnight};
  const auto in_day = (instant - midnight).count();
  const auto whole = in_day / 1'000'000;
  const auto fraction = digits == 3 ? in_day % 1'000'000 / 1000 : in_day % 1'000'000;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:0{}}Z",
                     static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()),
                     whole / 3600,
                     whole / 60 % 60,
                     whole % 60,
                     fraction,
                     digits);
}

}  // namespace

Result<WrittenTime> parse_time(std::string_view text) {
  const auto fields = TRY(read_fields(text, Rules{}));
  const auto at = TRY(instant_of(fields, text));
  auto finer = fields.fraction.size() > 6 ? fields.fraction.substr(6) : std::string_view{};
  finer = finer.substr(0, finer.find_last_not_of('0') + 1);
  return WrittenTime{at, finer};
}

Result<Timestamp> parse_lenient_time(std::string_view text) {
  const auto fields = TRY(read_fields(text, {.separator = "Tt ", .zulu = "Zz", .offsets = true}));
  return instant_of(fields, text);
}

std::string to_text(Timestamp at) {
  return text_of(at, 6);
}

std::string to_text_ms(Timestamp at) {
  return text_of(at, 3);
}

}  // namespace shieldwall
