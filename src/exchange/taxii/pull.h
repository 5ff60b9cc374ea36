#pragma once
// Reading a foreign collection to its end, from where the last time ended, whatever its server's manners.

#include <functional>
#include <span>
#include <string>

#include "exchange/taxii/client.h"

namespace shieldwall::exchange::taxii {

/// Where a pull stands, in the server's own words. Kept after each page, with the objects of the page.
struct PullPlace {
  std::string added_after{};  // of the round that runs, or that ended; empty: from the beginning
  std::string next{};         // inside a round; empty: at its beginning
  auto operator<=>(const PullPlace&) const = default;
};

struct PullWish {
  Query filters{};    // match[...] fields
  int limit = 0;      // objects a page; 0: as many as the server likes
  int pages_max = 0;  // 0: to the end
};

struct Pulled {
  std::uint64_t pages = 0;
  std::uint64_t objects = 0;  // given to `take`
  bool at_end = false;        // the server says there is no more
  PullPlace place{};
};

/// Takes a page's objects; `place` is to be kept once they are. An error ends the pull.
using Take = std::function<Done(std::span<const std::string> objects, const PullPlace& place)>;

/// Pages through the collection until its end, a fault, or `pages_max`. What servers are known for:
///   next ignored, or absent beside more   goes on by added_after and the date of the last object
///   next forgotten by the server          begins the round again
///   added_after inclusive                 objects of the page before are not given twice
///   pages that repeat without end         an error; what came was given to `take`
///   dates missing or unreadable           the place stays where it is; the next pull repeats
/// errors  as Client::objects, and those of `take`; invalid: the server repeats itself without end
Result<Pulled> pull(
    Client& client, const net::Url& collection, PullPlace from, const PullWish& wish, const Take& take);

}  // namespace shieldwall::exchange::taxii
