#include "cli/watch.h"

#include <cstdio>
#include <map>

#include "base/clock.h"
#include "base/text.h"
#include "cli/intel_files.h"
#include "cli/interrupt.h"
#include "cli/matcher.h"
#include "cli/node_call.h"
#include "cli/remember.h"
#include "cli/scan.h"
#include "cli/scan_print.h"
#include "cli/streams.h"
#include "cli/watch_taps.h"
#include "detect/packed/matcher_file.h"
#include "detect/watch/nats_log.h"
#include "detect/watch/watch.h"

namespace shieldwall::cli {

namespace {

constexpr Duration wait_most = seconds(1);
constexpr Duration tell_every = seconds(5);    // the node, of what was counted since
constexpr Duration tell_again = seconds(30);   // when it could not be told
constexpr Duration intel_every = seconds(60);  // the node's indicators are asked for anew: what went is gone
constexpr Duration news_every = milliseconds(300);  // what came since
constexpr Duration files_every = seconds(2);        // whether the files of --intel changed

/// Without a word of what to look for, it is what the node knows.
bool has_node(const Arguments& arguments) {
  const bool has_other = arguments.has("--intel") || arguments.has("--matcher") || arguments.has("--sigma");
  return arguments.has("--dir") || !has_other;
}

/// What is looked for is read from these.
std::vector<std::string> watched_intel(const Arguments& arguments) {
  auto paths = arguments.all("--intel");
  if (arguments.has("--matcher")) paths.push_back(arguments.one("--matcher"));
  return paths;
}

/// `newest`: of what the node shows, when it was added last.
Result<detect::Intel> read_intel(const Arguments& arguments, std::string& newest) {
  detect::Intel intel;
  TRY(read_intel_files(arguments, intel));
  if (has_node(arguments)) TRY(read_news_of_node(arguments, newest, intel));
  return intel;
}

constexpr std::string_view state_without_node = "shieldwall-watch";

std::string state_folder(const Arguments& arguments) {
  if (arguments.has("--state")) return arguments.one("--state");
  return has_node(arguments) ? folder_of(arguments) + "/watch" : std::string(state_without_node);
}

/// Where counts are kept: who asks for them need not say again what was looked for.
Result<std::string> folder_with_counts(const Arguments& arguments) {
  auto folder = state_folder(arguments);
  if (TRY(system_fs().exists(folder))) return folder;
  const bool is_named = arguments.has("--state") || arguments.has("--dir");
  if (!is_named && TRY(system_fs().exists(std::string(state_without_node))))
    return std::string(state_without_node);
  return fail(ErrorCode::unavailable,
              "{}: no watch has kept anything there; name its folder (--state) or its node (--dir)",
              folder);
}

class WatchPrinter final : public detect::WatchSink {
 public:
  WatchPrinter(const detect::Matcher& matcher, bool as_json) : as_json_(as_json) { use(matcher); }

  void use(const detect::Matcher& matcher) {
    printer_ = std::make_unique<ScanPrinter>(Wanted{matcher, nullptr}, as_json_);
  }
  void hit(const detect::Hit& hit) override { printer_->hit(hit); }
  void flush() override { std::fflush(stdout); }
  void problem(const std::string& path, const std::string& what) override {
    fmt::print(stderr, "shieldwall: {}: {}\n", excerpt(path, 200), excerpt(what, 300));
  }

 private:
  bool as_json_;
  std::unique_ptr<ScanPrinter> printer_;
};

std::shared_ptr<const detect::IndicatorPatterns> patterns_of(const detect::Matcher& matcher) {
  return std::make_shared<const detect::IndicatorPatterns>(
      detect::IndicatorPatterns::of(matcher, system_clock().now()));
}

/// One run: the indicators in force, the logs, and the node that is told.
class WatchRun {
 public:
  WatchRun(const Arguments& arguments, detect::WatchState state, detect::WarningLists lists)
      : arguments_(arguments),
        state_(std::move(state)),
        warning_lists_(std::move(lists)),
        printer_(matcher_, arguments.has("--json")),
        files_(watched_intel(arguments)) {}

  Done run() {
    taps_ = TRY(WatchTaps::begin(arguments_, printer_, state_, warning_lists_));
    TRY(load_file());
    TRY(renew_intel());
    TRY(begin());
    const auto& stop = interrupted();
    const bool once = arguments_.has("--once");
    while (!stop) {
      const auto something = TRY(look(stop));
      if (!something && once) break;
      TRY(tell_node(once ? Duration{} : tell_every));
      TRY(taps_->tidy());
      if (!something) watches_.back()->wait(has_node(arguments_) ? news_every : wait_most);
      if (has_node(arguments_)) TRY(follow_node());
      TRY(follow_files());
    }
    TRY(tell_node({}));
    TRY(taps_->close());
    print_totals();
    return {};
  }

  /// Of a run that came to its end.
  Exit exit() const {
    if (const auto unread = totals().unread; unread > 0) return tell_unread(unread);
    if (hits_ + taps_->hits() > 0) return Exit::found;
    return without_logs_ ? Exit::unavailable : Exit::done;
  }

 private:
  /// Files first: when both wait for more, it is in front of a stream, which wakes up often.
  Done begin() {
    const detect::WatchOptions options{.taps = taps_->all(), .warning_lists = &warning_lists_};
    std::vector<std::string> files;
    for (const auto& path : arguments_.all("PATH"))
      if (!detect::is_nats_place(path)) files.push_back(path);
    if (!files.empty()) {
      auto watch = TRY(detect::Watch::begin(files, state_, printer_, options));
      watches_.push_back(std::move(watch));
    }
    tell_where_no_log_is();
    for (const auto& path : arguments_.all("PATH")) {
      if (!detect::is_nats_place(path)) continue;
      auto place = TRY(detect::read_nats_place(path));
      place.credentials = arguments_.one("--credentials");
      auto watch = TRY(detect::watch_nats(place, state_, printer_, options));
      watches_.push_back(std::move(watch));
    }
    return {};
  }

  void tell_where_no_log_is() {
    for (const auto& watch : watches_)
      for (const auto& path : watch->without_logs()) {
        without_logs_ = true;
        fmt::print(stderr,
                   "shieldwall: {}: no log is there{}\n",
                   excerpt(path, 200),
                   arguments_.has("--once") ? ", so nothing was looked through" : " yet");
      }
  }

  Result<bool> look(const std::atomic<bool>& stop) {
    bool something = false;
    hits_ = 0;
    for (const auto& watch : watches_) {
      something = TRY(watch->look(*scanner_, matcher_, stop)) || something;
      hits_ += watch->totals().hits;
    }
    return something;
  }

  detect::WatchTotals totals() const {
    detect::WatchTotals all;
    for (const auto& watch : watches_) {
      all.hits += watch->totals().hits;
      all.lines += watch->totals().lines;
      all.broken_lines += watch->totals().broken_lines;
      all.unread += watch->totals().unread;
      all.held_back += watch->totals().held_back;
    }
    return all;
  }

  void print_totals() const {
    const auto all = totals();
    fmt::print(stderr,
               "shieldwall: {} hits in {} lines, {} of them broken\n",
               all.hits + taps_->hits(),
               all.lines,
               all.broken_lines);
    if (const auto held = all.held_back + taps_->held_back(); held > 0)
      fmt::print(stderr, "shieldwall: {} more not reported: on warning lists\n", held);
  }

  Done follow_node() {
    const auto now = system_clock().steady();
    if (now.us - intel_at_.us > intel_every.us || news_taken_ > detect::changes_max / 2) return renew_intel();
    if (now.us - news_at_.us < news_every.us) return {};
    news_at_ = now;
    detect::Intel news;
    // A node that is away is told of when everything is asked for anew.
    if (!read_news_of_node(arguments_, newest_, news) || news.indicators.empty()) return {};
    news_taken_ += news.indicators.size();
    return put(detect::changed(matcher_, {.added = std::move(news.indicators)}, system_clock().now()));
  }

  Done follow_files() {
    const auto now = system_clock().steady();
    if (now.us - files_at_.us < files_every.us) return {};
    files_at_ = now;
    const bool changed = files_.changed();
    if (changed)
      if (const auto loaded = load_file(); !loaded)  // half copied: go on with what is known
        fmt::print(stderr, "shieldwall: {}\n", loaded.error().message);
    return changed || emptied_ ? renew_intel() : Done{};
  }

  /// That of --matcher, which the indicators of files and the node come beside.
  Done load_file() {
    if (!arguments_.has("--matcher")) return {};
    file_ = TRY(detect::load_matcher_file(arguments_.one("--matcher"), system_clock().now()));
    return {};
  }

  Result<detect::Matcher> matcher_of(std::vector<detect::Indicator> indicators) const {
    const auto now = system_clock().now();
    if (file_) return beside(*file_, std::move(indicators), now);
    return detect::compile(std::move(indicators), {.now = now});
  }

  /// Who writes a file anew may be seen with it empty: one look alone does not end the search.
  bool is_emptied(const detect::Intel& intel) {
    const bool was =
        std::exchange(emptied_, !file_ && intel.indicators.empty() && matcher_.indicator_count() > 0);
    if (!was && emptied_)
      fmt::print(
          stderr,
          "shieldwall: there are no indicators any more; those known are looked for until the next look "
          "finds none again\n");
    if (was && emptied_) fmt::print(stderr, "shieldwall: nothing is looked for from now on\n");
    return !was && emptied_;
  }

  Done put(detect::Matcher matcher) {
    matcher_ = std::move(matcher);
    if (file_) patterns_ = patterns_of(matcher_);  // changes beside a file may number what came before anew
    scanner_->use(matcher_);
    printer_.use(matcher_);
    // Numbers stay; what needs more than literals comes with the full look.
    return taps_->use(matcher_, patterns_);
  }

  /// Indicators may come later, but not to one look alone.
  Done look_for_something() const {
    if (matcher_.literals() > 0 || !patterns_->empty() || arguments_.has("--sigma")) return {};
    if (arguments_.has("--once") && !arguments_.has(remember_option.name))
      return fail(no_indicator_to_look_for());
    fmt::print(stderr, "shieldwall: there is no indicator to look for yet\n");
    return {};
  }

  Done renew_intel() {
    news_at_ = intel_at_ = system_clock().steady();
    std::string newest;
    auto intel = read_intel(arguments_, newest);
    if (!intel && scanner_) {  // the node is away, a file half written: go on with what is known
      fmt::print(stderr, "shieldwall: {}\n", intel.error().message);
      return {};
    }
    if (!intel) return fail(std::move(intel).error());
    const bool first = !scanner_;
    if (is_emptied(*intel)) return {};
    emptied_ = false;
    newest_ = std::move(newest);
    news_taken_ = 0;
    auto matcher = matcher_of(std::move(intel->indicators));
    if (!matcher && !first) {
      fmt::print(stderr, "shieldwall: {}\n", matcher.error().message);
      return {};
    }
    matcher_ = TRY(std::move(matcher));
    patterns_ = patterns_of(matcher_);
    if (first) {
      tell_unused(intel->unused, intel->unused_count);
      tell_unused_by_both(matcher_, *patterns_);
      const auto text = arguments_.has("--inside") ? detect::FreeText::inside : detect::FreeText::whole;
      scanner_.emplace(matcher_, text);
      TRY(look_for_something());
    }
    return put(matcher_);
  }

  /// Counts are told as they stand, under the name of their log: again does no harm.
  Done tell_node(Duration every) {
    const auto now = system_clock().steady();
    if (!has_node(arguments_) || (told_hits_ == hits_ && told_once_) || now.us < tell_at_.us) return {};
    tell_at_ = {now.us + every.us};
    std::vector<detect::WatchCount> news;
    std::vector<LogCount> counts;
    for (auto& one : TRY(state_.counts())) {
      if (one.told == one.count || !model::ObjectId::parse(one.indicator)) continue;
      counts.push_back({{.indicator = one.indicator,
                         .first_seen = one.hour,
                         .last_seen = one.hour + detect::sighting_bucket,
                         .count = one.count},
                        one.source});
      news.push_back(std::move(one));
    }
    if (const auto told = report_to_node(arguments_, counts); !told) {
      fmt::print(stderr, "shieldwall: counts stay here for now: {}\n", told.error().message);
      tell_at_ = {now.us + tell_again.us};
      return {};
    }
    TRY(state_.told(news));
    told_hits_ = hits_;
    told_once_ = true;
    return {};
  }

  const Arguments& arguments_;
  detect::WatchState state_;
  detect::WarningLists warning_lists_;
  std::optional<detect::Matcher> file_;  // of --matcher
  detect::Matcher matcher_ = detect::compile({}, {.now = {}});
  std::optional<detect::Scanner> scanner_;
  WatchPrinter printer_;
  std::unique_ptr<WatchTaps> taps_;
  std::vector<std::unique_ptr<detect::Watch>> watches_;
  IntelFiles files_;
  bool without_logs_ = false;  // somewhere at the beginning
  bool emptied_ = false;       // the last look found no indicators, where there were some
  Duration intel_at_{}, news_at_{}, files_at_{}, tell_at_{};
  std::shared_ptr<const detect::IndicatorPatterns> patterns_{};
  std::string newest_{};        // when the last indicator was added that the node showed, in its words
  std::size_t news_taken_ = 0;  // since all were asked for
  std::uint64_t hits_ = 0, told_hits_ = 0;
  bool told_once_ = false;
};

void print_count(std::string_view indicator, std::string_view source, std::uint64_t count, bool as_json) {
  if (!as_json) return print("{:>9} {} {}\n", count, excerpt(indicator, 200), excerpt(source, 200));
  model::JsonWriter json;
  json.begin_object();
  json.member("indicator", indicator);
  if (!source.empty()) json.member("source", source);
  json.member("count", count);
  json.end_object();
  print("{}\n", json.text());
}

/// What was counted so far, by indicator, or by indicator and source.
Exit print_counts(const Arguments& arguments, detect::WatchState& state) {
  const auto counts = state.counts();
  if (!counts) return report_input(counts.error());
  std::map<std::pair<std::string, std::string>, std::uint64_t> sums;
  for (const auto& one : *counts)
    sums[{one.indicator, arguments.has("--sources") ? one.source : ""}] += one.count;
  for (const auto& [key, count] : sums) print_count(key.first, key.second, count, arguments.has("--json"));
  return Exit::done;
}

Exit run_watch(const Arguments& arguments) {
  if (arguments.all("PATH").empty() && !arguments.has("--counts")) {
    fmt::print(stderr, "shieldwall: watch needs PATH: logs to follow\n");
    return Exit::usage;
  }
  const auto folder = arguments.has("--counts") ? folder_with_counts(arguments)
                                                : Result<std::string>(state_folder(arguments));
  if (!folder) return report_input(folder.error());
  auto state = detect::WatchState::open(*folder);
  if (!state) return report_input(state.error());
  if (arguments.has("--counts")) return print_counts(arguments, *state);
  auto lists = warning_lists_for(arguments);
  if (!lists) return report_input(lists.error());
  WatchRun run(arguments, std::move(*state), std::move(*lists));
  if (const auto done = run.run(); !done) return report_input(done.error());
  if (interrupted()) return static_cast<Exit>(exit_interrupted);
  return run.exit();
}

constexpr Option watch_options[] = {
    dir_option,
    as_option,
    intel_option,
    kind_option,
    column_option,
    matcher_option,
    warning_list_option,
    {"--inside", "look inside longer fields of structured logs too, as in plain text", Takes::nothing},
    {"--sigma", "Sigma rules too, or instead: a file or folder; may stand again", Takes::each},
    {"--placeholders", "with --sigma: folder with NAME.txt files, the values of %NAME%"},
    {"--approve", "with --sigma: id of a rule that may run although it matches everything", Takes::each},
    remember_option,
    remember_days_option,
    remember_mb_option,
    {"--state",
     "the folder that keeps positions and counts; default: watch in the node's folder, else "
     "shieldwall-watch"},
    {"--credentials", "for nats:// and tls://: file with the user's JWT and key"},
    {"--once", "end when all there is has been looked through", Takes::nothing},
    {"--counts",
     "print what was counted so far, by indicator, and end; of --state, of the node, else of "
     "shieldwall-watch",
     Takes::nothing},
    {"--sources", "with --counts: by source too", Takes::nothing},
    {"--json", "one JSON object a hit and line", Takes::nothing},
    {"PATH",
     "logs: files (also not there yet), folders, patterns like 'logs/*.log'; JetStream streams as "
     "nats://HOST:PORT/STREAM?group=NAME",
     Takes::many},
};

}  // namespace

std::span<const Command> watch_commands() {
  static const Command rows[] = {{
      .words = "watch",
      .summary = "look for indicators in logs while they grow",
      .text =
          "Follows logs: files that grow, are renamed, copied and emptied, packed, or appear later, also in "
          "folders, and streams of NATS JetStream, whose messages the members of a group share. Prints each "
          "hit as scan does. How far each log was looked through is kept in one "
          "transaction with what was counted, so that a line counts once, whenever the command ends, and "
          "none is "
          "left out: start it again and it goes on. With a node in --dir its indicators are looked for, "
          "asked for "
          "anew every minute, and counts become its sightings. Files of --intel and --matcher are read again "
          "when "
          "they changed. With --sigma rules are looked for too; their "
          "hits "
          "count under sigma: and the rule's id, and correlations see what came since the start. With "
          "--remember "
          "what is seen is kept for hunt, before its position is. A line counts when it has its end. Runs "
          "until "
          "Ctrl-C, or with --once through what is there. Exit status: 130 after Ctrl-C; with --once 0 "
          "nothing "
          "found, 1 found, 4 a file is damaged or in UTF-16, so that its rest is not looked through, or "
          "there is "
          "no indicator or rule to look for; 5 the state or the node cannot be used, or with --once no log "
          "is at a PATH.",
      .options = watch_options,
      .example =
          "shieldwall watch --once --state watch-state --intel samples/demo/shared.json samples/demo/logs",
      .run = run_watch,
  }};
  return rows;
}

}  // namespace shieldwall::cli
