#include "detect/watch/watch.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "detect/sightings.h"
#include "detect/watch/places.h"
#include "detect/watch/tail.h"

namespace shieldwall::detect {

namespace {

constexpr Duration list_every = seconds(2);   // folders are listed anew without being told, for network disks
constexpr Duration seen_every = seconds(10);  // positions of logs that stand still say that they are there
constexpr Duration clocks_differ = seconds(2);  // the disk's clock and ours
constexpr Duration files_kept = days(60);       // positions of logs that are gone
constexpr Duration packed_within = minutes(1);  // a file's beginning, once it is there
constexpr Duration in_use_within =
    minutes(1);  // a log that was written lately; others can wait for a listing
constexpr std::size_t open_files_max = 4096;

std::string name_in(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

std::string folder_in(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

/// Could one of them be the other, rotated?
bool are_related(const std::string& one, const std::string& other) {
  const auto a = name_in(one), b = name_in(other);
  if (folder_in(one) != folder_in(other)) return false;
  const auto stem = [](const std::string& name) { return name.substr(0, name.find_first_of(".-_")); };
  return a == b || stem(a) == stem(b);
}

/// Says when something in the folders has changed.
class Changes {
 public:
  Changes() : descriptor_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}
  ~Changes() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Changes(const Changes&) = delete;
  Changes& operator=(const Changes&) = delete;

  void follow(const std::vector<std::string>& folders) {
    static constexpr std::uint32_t what =
        IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE | IN_ONLYDIR;
    for (const auto& folder : folders)
      if (descriptor_ >= 0) ::inotify_add_watch(descriptor_, folder.c_str(), what);  // again does no harm
  }

  void wait(Duration most) {
    pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
    ::poll(&waiting, descriptor_ >= 0 ? 1 : 0, static_cast<int>(most.us / 1000));
  }

  struct Seen {
    bool names = false;  // have come or gone
    bool any = false;
  };
  Seen drain() {
    alignas(inotify_event) char buffer[16 << 10];
    Seen seen;
    for (ssize_t size; descriptor_ >= 0 && (size = ::read(descriptor_, buffer, sizeof buffer)) > 0;)
      for (ssize_t at = 0; at < size;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
        seen.any = true;
        seen.names =
            seen.names || (event->mask & ~static_cast<std::uint32_t>(IN_MODIFY | IN_CLOSE_WRITE)) != 0;
        at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      }
    return seen;
  }

 private:
  int descriptor_;
};

class FileWatch final : public Watch {
 public:
  FileWatch(Places places, WatchState& state, WatchSink& sink, WatchOptions options)
      : places_(std::move(places)),
        state_(state),
        sink_(sink),
        taps_(std::move(options.taps)),
        unlisted_(options.warning_lists) {}

  Done load() {
    for (auto& file : TRY(state_.files())) {
      last_listed_ = std::max(last_listed_, file.seen);
      gone_.push_back(std::move(file));
    }
    // A log that was empty so far has no position: should it be rotated before its first line is read, it is
    // known to have come since by this alone.
    const auto listed = TRY(state_.listed());
    if (listed) last_listed_ = std::max(last_listed_, *listed);
    if (!listed) TRY(state_.listed_at(system_clock().now()));
    all_read_ = last_listed_;
    TRY(state_.forget_files(system_clock().now() - files_kept));
    return {};
  }

  Result<bool> look(Scanner& scanner, const Matcher& matcher, const std::atomic<bool>& stop) override {
    const auto now = system_clock().steady();
    const auto seen = changes_.drain();
    const bool anew = seen.names || (seen.any && some_begin_anew_);
    if (anew || !listed_ || in_flux_ || now.us - listed_at_.us >= list_every.us) {
      changes_.follow(places_.folders());
      list();
      listed_ = true;
      listed_at_ = now;
    }
    bool something = false;
    for (auto& [key, tail] : tails_) {
      if (stop) break;
      something = TRY(read_on(key, tail, scanner, matcher)) || something;
    }
    if (!stop) all_read_ = last_listed_;
    TRY(let_go());
    TRY(say_seen());
    return something;
  }

  void wait(Duration most) override { changes_.wait(most); }
  std::vector<std::string> without_logs() const override { return places_.without_files(); }
  const WatchTotals& totals() const override { return totals_; }

 private:
  using Key = std::pair<std::uint64_t, std::uint64_t>;  // device, inode
  /// (device, inode, size, time of writing, left_) of a file that is not to be read as it stands.
  using PassedBy = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, Timestamp, std::uint64_t>;

  /// Takes up what is there, and notes what is not any more.
  void list() {
    const auto at = system_clock().now();
    const auto candidates = places_.list();
    std::map<Key, const LogCandidate*> here;
    for (const auto& candidate : candidates)
      if (const auto status = status_of(candidate.path))
        here.emplace(Key{status->device, status->inode}, &candidate);
    for (auto& [key, tail] : tails_) {
      const auto found = here.find(key);
      if (found != here.end()) tail.position().path = found->second->path;  // renamed
    }
    // The same files first, then what paths name, and their rotated selves in the light of both.
    for (const auto& candidate : candidates) take_up(candidate, true);
    in_flux_ = some_begin_anew_ = false;
    for (const bool rotated : {false, true})
      for (const auto& candidate : candidates)
        if (candidate.is_rotated == rotated) take_up(candidate, false);
    // A file that was renamed meanwhile may stand in no listing, and is older than this one.
    const auto meanwhile = changes_.drain();
    in_flux_ = in_flux_ || meanwhile.names || (meanwhile.any && some_begin_anew_);
    if (last_listed_ == Timestamp{} || !in_flux_) last_listed_ = at;
  }

  void take_up(const LogCandidate& candidate, bool only_same_file) {
    const OpenFile file(candidate.path);
    const auto status = status_of(file.is_open() ? file.path() : candidate.path);
    if (!status) in_flux_ = true;
    some_begin_anew_ = some_begin_anew_ || (status && status->bytes == 0);
    if (!status || status->bytes == 0) return;
    if (!file.is_open()) return tell_unread(candidate.path, "does not open");
    const Key key{status->device, status->inode};
    if (tails_.contains(key)) return;
    auto position = same_file(file.path(), *status);
    if (!position && only_same_file) return;
    if (!position) position = position_for(candidate, file.path(), *status);
    if (!position) return;
    position->path = candidate.path;
    Result<Tail> tail =
        tails_.size() < open_files_max
            ? Tail::open(*position, file.path())
            : Result<Tail>(
                  fail(ErrorCode::exhausted, "more than {} files: it is not followed", open_files_max));
    if (tail) {
      tails_.emplace(key, std::move(*tail));
      return;
    }
    if (position->offset > 0) gone_.push_back(std::move(*position));  // perhaps it opens later
    tell_unread(candidate.path, tail.error().message);
  }

  /// The file as it was before a restart, under whatever name.
  std::optional<FilePosition> same_file(const std::string& file, const FileStatus& status) {
    for (std::size_t i = 0; i < gone_.size(); ++i)
      if (gone_[i].device == status.device && gone_[i].inode == status.inode &&
          begins_as(file, status, gone_[i]))
        return take_gone(i);
    return std::nullopt;
  }

  /// Where to go on in a file that is not followed yet; nothing when it is not to be read.
  std::optional<FilePosition> position_for(const LogCandidate& candidate,
                                           const std::string& file,
                                           const FileStatus& status) {
    if (passed_by_.contains(as_it_stands(status))) return pass_by(candidate, status, true);
    const auto& head = head_at(file, status);
    if (head.ends_early && waits_for_more(head, candidate, status)) return std::nullopt;
    // A copy, or the packed form, of one that is gone.
    for (std::size_t i = 0; i < gone_.size(); ++i)
      if (gone_[i].head_bytes > 0 && are_related(gone_[i].path, candidate.path) &&
          begins_as(file, status, gone_[i]))
        return take_gone(i);
    const auto copied = copied_from(candidate, file, status);
    in_flux_ = in_flux_ || copied == Copied::perhaps;
    if (copied == Copied::perhaps) return std::nullopt;
    if (copied != Copied::no || was_before_our_time(candidate, status))
      return pass_by(candidate, status, copied != Copied::by_little);
    FilePosition position;
    position.id = to_hex(system_random().bytes(16));
    // The name under which scan tells a node of this log, where it is long enough to have one for good.
    const bool is_whole = head.bytes.size() == head_bytes_max;
    position.source = is_whole ? "head:" + sha256(head.bytes).hex() : "watch:" + position.id;
    return position;
  }

  /// A log that is written looks like a copy of its copy where that was read first: it will be emptied.
  std::nullopt_t pass_by(const LogCandidate& candidate, const FileStatus& status, bool until_it_changes) {
    const bool is_in_use = !candidate.is_rotated && status.written > system_clock().now() - in_use_within;
    some_begin_anew_ = some_begin_anew_ || is_in_use;
    if (passed_by_.size() > 10 * open_files_max) passed_by_.clear();
    if (until_it_changes) passed_by_.insert(as_it_stands(status));
    return std::nullopt;
  }
  PassedBy as_it_stands(const FileStatus& status) const {
    return {status.device, status.inode, status.bytes, status.written, left_};
  }

  /// Is a file the copy of one that is still there? Its lines are read where they are; should that be
  /// emptied, this is it.
  enum class Copied { no, perhaps, by_little, surely };

  Copied copied_from(const LogCandidate& candidate, const std::string& file, const FileStatus& status) {
    const auto& head = head_at(file, status);
    auto copied = Copied::no;
    for (const auto& [key, tail] : tails_) {
      const auto& other = tail.position();
      if (!are_related(other.path, candidate.path)) continue;
      if (other.head_bytes == 0) {  // not read yet: what it holds tells
        const auto theirs = tail.head();
        const auto size = std::min(theirs.size(), head.bytes.size());
        if (size > 0 && theirs.compare(0, size, head.bytes, 0, size) == 0)
          copied = std::max(copied, Copied::perhaps);
      } else if (has_head(head, other)) {  // also while it is being copied
        // Tables begin alike: such a one is looked at again when the other has grown.
        copied = std::max(copied, other.head_bytes < head_bytes_max ? Copied::by_little : Copied::surely);
      }
    }
    return copied;
  }

  bool was_before_our_time(const LogCandidate& candidate, const FileStatus& status) {
    if (!candidate.is_rotated) return false;
    const auto as_it_was = std::tuple(status.device, status.inode, status.written);
    if (last_listed_ == Timestamp{}) left_behind_.insert(as_it_was);
    return status.written < last_listed_ - clocks_differ || left_behind_.contains(as_it_was);
  }

  /// A packed file whose beginning does not unpack is being written, or damaged.
  bool waits_for_more(const Head& head, const LogCandidate& candidate, const FileStatus& status) {
    const bool is_new = status.written > system_clock().now() - packed_within;
    in_flux_ = in_flux_ || is_new;
    if (!is_new && head.packed) tell_unread(candidate.path, "cannot be read from its beginning on");
    return is_new || head.packed;
  }

  FilePosition take_gone(std::size_t i) {
    auto position = std::move(gone_[i]);
    gone_.erase(gone_.begin() + static_cast<std::ptrdiff_t>(i));
    return position;
  }

  /// Is the file of `status` the log of that position, by its first bytes?
  bool begins_as(const std::string& path, const FileStatus& status, const FilePosition& position) {
    if (position.head_bytes == 0) return position.device == status.device && position.inode == status.inode;
    const auto& head = head_at(path, status);
    return (head.packed || status.bytes >= position.offset) && has_head(head, position);
  }

  static bool has_head(const Head& head, const FilePosition& position) {
    return head.bytes.size() >= position.head_bytes &&
           sha256(std::string_view(head.bytes).substr(0, position.head_bytes)).hex() == position.head;
  }

  /// Read once for as long as the file stays as it is: it is compared with many.
  const Head& head_at(const std::string& path, const FileStatus& status) {
    static constexpr std::size_t heads_max = 4096;
    const auto key = std::tuple(status.device, status.inode, status.bytes, status.written);
    const auto known = heads_.find(key);
    if (known != heads_.end()) return known->second;
    if (heads_.size() >= heads_max) heads_.clear();
    return heads_.emplace(key, head_of(path)).first->second;
  }

  Result<bool> read_on(const Key& key, Tail& tail, Scanner& scanner, const Matcher& matcher) {
    const auto status = TRY(tail.status());
    auto& looked_at = looked_at_[key];
    if (looked_at == status) return false;
    const auto same = tail.is_same();
    if (!same || !*same) {
      leaving_.push_back(key);
      return true;
    }
    const bool last = !status.is_linked;
    bool something = false;
    for (bool more = true; more;) {
      const auto lines = tail.position().line;
      WatchState::Turn turn;
      std::vector<Hit> hits;
      const auto look = [&](Record& record) { look_at(record, tail, scanner, matcher, turn.counts, hits); };
      const auto read = tail.has_events()  ? tail.read_events(look)
                        : tail.is_packed() ? packed(tail, look)
                                           : tail.read_on(look, last);
      if (!read && read.error().code == ErrorCode::conflict) {
        for (auto* const tap : taps_) TRY(tap->forget(tail));
        leaving_.push_back(key);
        return true;
      }
      if (!read) tell_unread(tail.position().path, read.error().message);
      const bool again = !read && read.error().code == ErrorCode::unavailable;  // the disk, not the file
      looked_at = again ? FileStatus{} : status;
      more = read && *read;
      totals_.broken_lines += std::exchange(tail.broken_lines(), 0);
      if (tail.position().line != lines || !turn.counts.empty()) {
        something = true;
        totals_.lines += tail.position().line - lines;
        TRY(keep(tail, turn, hits));
      }
      tell_problems(tail);
    }
    if (last) leaving_.push_back(key);
    return something;
  }

  static Result<bool> packed(Tail& tail, const Tail::Look& look) {
    TRY(tail.read_packed(look));
    return false;
  }

  void look_at(Record& record,
               const Tail& tail,
               Scanner& scanner,
               const Matcher& matcher,
               WatchState::Counts& counts,
               std::vector<Hit>& hits) {
    const auto& matches = unlisted_.of(scanner.scan(record), totals_);
    for (auto* const tap : taps_) tap->record(record, matches, tail);
    if (matches.empty()) return;
    add_hits(record, matches, matcher, tail.position().source, system_clock().now(), counts);
    for (const auto& match : matches)
      hits.push_back({.source = tail.position().path,
                      .line = tail.place_of(record),
                      .time = event_time(record),
                      .field = std::string(match.field),
                      .value = std::string(match.value),
                      .indicator = match.indicator});
  }

  /// Hits are told, then position and counts are kept together.
  Done keep(Tail& tail, WatchState::Turn& turn, const std::vector<Hit>& hits) {
    auto& position = tail.position();
    for (const auto& hit : hits) sink_.hit(hit);
    for (auto* const tap : taps_) TRY(tap->keep(tail, turn));
    sink_.flush();
    position.seen = all_read_;
    TRY(state_.commit({&position, 1}, turn));
    totals_.hits += hits.size();
    ++totals_.commits;
    return {};
  }

  /// Logs that were emptied, or are gone for good: a copy may turn up.
  Done let_go() {
    const bool any = !leaving_.empty();
    for (const auto& key : std::exchange(leaving_, {})) {
      const auto found = tails_.find(key);
      if (found == tails_.end()) continue;
      auto position = std::move(found->second.position());
      tails_.erase(found);
      looked_at_.erase(key);
      position.inode = 0;  // no file's: the next one under this number is another log
      position.device = 0;
      ++left_;
      if (position.offset == 0) continue;
      TRY(state_.commit({&position, 1}));
      gone_.push_back(std::move(position));
    }
    if (any) listed_ = false;
    return {};
  }

  /// So that a restart can tell rotated files that came since from those that were there before.
  Done say_seen() {
    const auto now = system_clock().steady();
    if (now.us - seen_at_.us < seen_every.us) return {};
    seen_at_ = now;
    std::vector<FilePosition> positions;
    for (auto& [key, tail] : tails_) {
      tail.position().seen = all_read_;
      if (tail.position().offset > 0) positions.push_back(tail.position());
    }
    TRY(state_.commit(positions));
    return state_.listed_at(all_read_);
  }

  void tell_once(const std::string& path, const std::string& what) {
    if (told_.size() < 10'000 && told_.insert(path + what).second) sink_.problem(path, what);
  }

  void tell_unread(const std::string& path, const std::string& what) {
    ++totals_.unread;
    tell_once(path, what);
  }

  void tell_problems(const Tail& tail) {
    for (const auto& problem : tail.problems())
      tell_once(tail.position().path, fmt::format("line {}: {}", problem.line, problem.what));
  }

  Places places_;
  WatchState& state_;
  WatchSink& sink_;
  std::vector<WatchTap*> taps_;
  Unlisted unlisted_;
  Changes changes_;
  std::map<Key, Tail> tails_;
  std::map<Key, FileStatus> looked_at_;  // as it was when all of it had been looked through
  std::vector<FilePosition> gone_;       // positions without a file
  std::vector<Key> leaving_;
  std::set<std::string> told_;
  std::map<std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, Timestamp>, Head> heads_;
  std::set<PassedBy> passed_by_;
  /// Rotated files that were there at the first listing: (device, inode, time of writing).
  std::set<std::tuple<std::uint64_t, std::uint64_t, Timestamp>> left_behind_;
  std::uint64_t left_ = 0;        // how often a log was let go
  bool some_begin_anew_ = false;  // at the last listing logs were empty, or like their own copy, as one is
                                  // before it is emptied: their first bytes are no news in the names
  bool in_flux_ = false;     // at the last listing names changed, or a file could not be told from others yet
  Timestamp last_listed_{};  // rotated files that were written since have not been seen
  /// The last listing of which every file was read, and so has a position that survives: a restart takes
  /// older rotated files for read. A listing counts only then, or what was killed in the midst of it would be
  /// lost.
  Timestamp all_read_{};
  bool listed_ = false;
  Duration listed_at_{}, seen_at_{};
  WatchTotals totals_;
};

}  // namespace

const std::vector<Match>& Unlisted::of(const std::vector<Match>& found, WatchTotals& totals) {
  if (lists_ == nullptr || found.empty()) return found;
  left_.clear();
  for (const auto& match : found)
    if (!lists_->naming(match.value)) left_.push_back(match);
  totals.held_back += found.size() - left_.size();
  return left_;
}

Timestamp hour_of(Timestamp at) {
  const auto into = ((at.us % sighting_bucket.us) + sighting_bucket.us) % sighting_bucket.us;
  return {at.us - into};
}

void add_hits(const Record& record,
              const std::vector<Match>& matches,
              const Matcher& matcher,
              const std::string& source,
              Timestamp now,
              WatchState::Counts& counts) {
  std::set<std::size_t> indicators;
  for (const auto& match : matches) indicators.insert(match.indicator);
  const auto hour = hour_of(event_time(record).value_or(now));
  for (const auto indicator : indicators) ++counts[{source, {matcher.indicator(indicator).id, hour}}];
}

Result<std::unique_ptr<Watch>> Watch::begin(std::vector<std::string> paths,
                                            WatchState& state,
                                            WatchSink& sink,
                                            WatchOptions options) {
  auto places = TRY(Places::of(std::move(paths)));
  auto watch = std::make_unique<FileWatch>(std::move(places), state, sink, std::move(options));
  TRY(watch->load());
  return std::unique_ptr<Watch>(std::move(watch));
}

}  // namespace shieldwall::detect
