#include "exchange/taxii/pull.h"

#include <set>

#include "base/bytes.h"
#include "base/log.h"

namespace shieldwall::exchange::taxii {

namespace {

constexpr int idle_pages_max = 3;  // in a row with nothing new, and more behind: the server has lost its way

class Puller {
 public:
  Puller(Client& client, const net::Url& collection, PullPlace from, const PullWish& wish, const Take& take)
      : client_(client), collection_(collection), wish_(wish), take_(take) {
    pulled_.place = std::move(from);
  }

  Result<Pulled> run() {
    while (wish_.pages_max == 0 || pulled_.pages < static_cast<std::uint64_t>(wish_.pages_max)) {
      auto page = client_.objects(collection_, query());
      if (!page && forgotten(page.error())) continue;
      if (!page) return fail(std::move(page).error());
      ++pulled_.pages;
      const bool goes_on = TRY(take(*page));
      if (!goes_on) break;
    }
    return std::move(pulled_);
  }

 private:
  Query query() const {
    auto query = wish_.filters;
    const auto& place = pulled_.place;
    if (wish_.limit > 0) query.push_back({"limit", std::to_string(wish_.limit)});
    if (!place.added_after.empty()) query.push_back({"added_after", place.added_after});
    if (!place.next.empty()) query.push_back({"next", place.next});
    return query;
  }

  /// Whether a refused `next` is a reason to begin the round again: sessions behind it expire.
  bool forgotten(const Error& error) {
    if (pulled_.place.next.empty() || begun_again_) return false;
    if (error.code != ErrorCode::invalid && error.code != ErrorCode::not_found) return false;
    log::warn("the server forgot where the page was; the round begins again", {{"why", error.message}});
    begun_again_ = true;
    before_.clear();
    pages_.clear();
    pulled_.place.next.clear();
    return true;
  }

  /// Takes the page; false when it was the last one.
  Result<bool> take(const RemotePage& page) {
    std::vector<std::string> fresh;
    std::set<Digest> digests;
    for (const auto& object : page.objects)
      if (const auto digest = sha256(object); digests.insert(digest).second && !before_.contains(digest))
        fresh.push_back(object);
    const bool stuck = page.more && !page.objects.empty() && (fresh.empty() || repeats(digests));
    idle_pages_ = stuck || page.objects.empty() ? idle_pages_ + 1 : 0;
    before_ = std::move(digests);
    const auto place = place_after(page, stuck);
    const bool stays = place == pulled_.place && (stuck || by_date_);  // one `next` may stand for a session
    const bool lost = page.more && (stays || idle_pages_ >= idle_pages_max);
    TRY(take_(fresh, place));
    pulled_.objects += fresh.size();
    pulled_.place = place;
    if (lost)
      return fail(
          ErrorCode::invalid,
          "{}: the server says that there is more, and gives the same again; the {} objects that came "
          "are kept",
          collection_.text(),
          pulled_.objects);
    pulled_.at_end = !page.more;
    return page.more;
  }

  /// Whether this very page was given before in this round.
  bool repeats(const std::set<Digest>& digests) {
    Sha256 whole;
    for (const auto& digest : digests) whole.add(digest.view());
    return !pages_.insert(whole.finish()).second;
  }

  PullPlace place_after(const RemotePage& page, bool stuck) {
    auto place = pulled_.place;
    if (page.more && !page.next.empty() && !stuck && !by_date_) {
      place.next = page.next;
      return place;
    }
    // The round ends, or the server's `next` is of no use: the date of the last object is where it stands.
    by_date_ = by_date_ || stuck || (page.more && page.next.empty());
    place.next.clear();
    if (page.date_added_last && is_later(*page.date_added_last, place.added_after))
      place.added_after = to_text(*page.date_added_last);
    else if (!page.objects.empty() && !page.date_added_last)
      log::warn("the server does not date its pages; the next pull repeats them",
                {{"collection", collection_.text()}});
    return place;
  }

  static bool is_later(Timestamp at, const std::string& than) {
    const auto before = parse_lenient_time(than);
    return !before || at > *before;
  }

  Client& client_;
  const net::Url& collection_;
  const PullWish& wish_;
  const Take& take_;
  Pulled pulled_;
  std::set<Digest> before_;  // objects of the page before
  std::set<Digest> pages_;   // pages of this round
  int idle_pages_ = 0;
  bool begun_again_ = false;
  bool by_date_ = false;
};

}  // namespace

Result<Pulled> pull(
    Client& client, const net::Url& collection, PullPlace from, const PullWish& wish, const Take& take) {
  return Puller(client, collection, std::move(from), wish, take).run();
}

}  // namespace shieldwall::exchange::taxii
