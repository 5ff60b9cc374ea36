#pragma once
// Errors are values: what failed, and on what. Nothing of ours throws across a file.

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace shieldwall {

/// The few kinds of failure; api/ maps each to one HTTP status.
enum class ErrorCode {
  invalid,      // the input breaks a rule; say which, and where
  denied,       // the caller is known and may not do this
  not_found,    // absent, or hidden: the two are told apart nowhere
  conflict,     // the state forbids it now: another version, a taken name
  exhausted,    // a limit, quota or queue is full; trying later may help
  unavailable,  // a part we depend on did not answer in time
  corrupt,      // stored bytes do not verify
  internal,     // our own mistake
};

std::string_view name_of(ErrorCode code);

struct Error {
  ErrorCode code;
  std::string message;

  /// The same error, told from further out: "reading feed.json: line 3: ...".
  Error within(std::string_view where) &&;
};

template <typename T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

using Done = Result<void>;

/// Makes the error that any Result converts from.
template <typename... Args>
[[nodiscard]] std::unexpected<Error> fail(ErrorCode code,
                                          fmt::format_string<Args...> format,
                                          Args&&... args) {
  return std::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

[[nodiscard]] inline std::unexpected<Error> fail(Error error) {
  return std::unexpected<Error>(std::move(error));
}

namespace detail {

template <typename T>
T unwrap(Result<T>& result) {
  return std::move(*result);
}

inline void unwrap(Result<void>&) {}

}  // namespace detail

}  // namespace shieldwall

/// Unwraps a Result or returns its error from the enclosing function. One step per line.
#define TRY(...)                                                                 \
  __extension__({                                                                \
    auto try_result_ = (__VA_ARGS__);                                            \
    if (!try_result_) return ::shieldwall::fail(std::move(try_result_).error()); \
    ::shieldwall::detail::unwrap(try_result_);                                   \
  })
