#pragma once
// What is said of a page that was brought: to its bringer with the acknowledgement, and past a relay to those
// whose statements it held.

#include "exchange/federation/reading.h"
#include "exchange/federation/taking.h"

namespace shieldwall::exchange::federation {

class PageAnswer {
 public:
  /// `taking` outlives it.
  explicit PageAnswer(Taking& taking);

  /// The bringer asks again for what it was told of deliveries from `first` to `last`: the answer before was
  /// lost.
  Done repeat(std::uint64_t first, std::uint64_t last);
  /// What became of a delivery, for who brought it.
  ///   reason  one line for people
  void tell(const Delivery& delivery, Fate fate, const Digest& statement, std::string_view reason);
  void refuse(const Delivery& delivery, std::string_view reason) {
    tell(delivery, Fate::refused, {}, reason);
  }
  /// What became of a statement, for its origin: with the acknowledgement where the origin brought it, else
  /// sealed past the relay, which learns nothing more than that it was taken. What the origin did not sign is
  /// the bringer's: nobody has others written to in a third member's name.
  Done tell_origin(
      Bench& bench, const Delivery& delivery, const ReadEnvelope& opened, Fate fate, std::string_view reason);
  /// Signed; covers all that was taken up to there. Kept with the page's writes where it has receipts.
  Ack finish(const Stand& stand);

  std::size_t refused() const { return refused_; }
  std::size_t recalled() const { return recalled_; }

 private:
  void count(Fate fate) { ++(fate == Fate::refused ? refused_ : recalled_); }
  Ack with_those_before(Ack ack);

  Taking& taking_;
  Ack ack_;
  Ack told_{};  // the last one with receipts, and those before it that are told again
  std::size_t refused_ = 0;
  std::size_t recalled_ = 0;
};

}  // namespace shieldwall::exchange::federation
