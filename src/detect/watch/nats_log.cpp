#include "detect/watch/nats_log.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <thread>

#include <nats/nats.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "detect/readers/reader.h"

namespace shieldwall::detect {

namespace {

constexpr int batch_messages = 256;       // in memory at once
constexpr std::int64_t batch_ms = 200;    // how long a batch waits for its first message
constexpr std::int64_t answer_ms = 5000;  // of the server
constexpr std::size_t formats_max = 1000;

template <typename T, void (*destroy)(T*)>
struct Destroy {
  void operator()(T* one) const { destroy(one); }
};
using Options = std::unique_ptr<natsOptions, Destroy<natsOptions, natsOptions_Destroy>>;
using Connection = std::unique_ptr<natsConnection, Destroy<natsConnection, natsConnection_Destroy>>;
using JetStream = std::unique_ptr<jsCtx, Destroy<jsCtx, jsCtx_Destroy>>;
using Subscription = std::unique_ptr<natsSubscription, Destroy<natsSubscription, natsSubscription_Destroy>>;
using MetaData = std::unique_ptr<jsMsgMetaData, Destroy<jsMsgMetaData, jsMsgMetaData_Destroy>>;
using StreamInfo = std::unique_ptr<jsStreamInfo, Destroy<jsStreamInfo, jsStreamInfo_Destroy>>;
using ConsumerInfo = std::unique_ptr<jsConsumerInfo, Destroy<jsConsumerInfo, jsConsumerInfo_Destroy>>;

struct Messages {
  natsMsgList list{};
  Messages() = default;
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;
  ~Messages() { natsMsgList_Destroy(&list); }
};

std::unexpected<Error> nats_error(const NatsPlace& place, natsStatus status, std::string_view doing) {
  const auto code = status == NATS_NOT_FOUND ? ErrorCode::not_found : ErrorCode::unavailable;
  return fail(code, "{}/{}: {}: {}", place.server, place.stream, doing, natsStatus_GetText(status));
}

/// What one member of a group has taken of a stream, counted on, as a log of its own.
class TakenOfStream final : public WatchedLog {
 public:
  TakenOfStream() = default;
  TakenOfStream(std::string path, const std::string& stream, const std::string& member, std::uint64_t taken)
      : path_(std::move(path)), id_(fmt::format("nats:{}:{}", stream, member)), taken_(taken) {}

  const std::string& id() const override { return id_; }
  const std::string& path() const override { return path_; }
  const std::string& source() const override { return source_; }
  std::uint64_t place_of(const Record&) const override { return number_; }
  std::uint64_t lines() const override { return taken_; }
  std::uint64_t bytes() const override { return bytes_; }
  /// Streams have no first bytes that last: their name and the member's stand for them.
  std::string head() const override {
    std::string head = id_;
    head.resize(head_bytes_max, '\n');
    return head;
  }

  void next(std::string source, std::uint64_t number, std::size_t bytes) {
    source_ = std::move(source);
    number_ = number;
    bytes_ += bytes;
  }
  void took_line() { ++taken_; }
  void took(std::uint64_t lines) { taken_ = lines; }

 private:
  std::string path_, id_, source_;
  std::uint64_t number_ = 0, taken_ = 0, bytes_ = 0;
};

/// "member taken until numbers had": lines that were taken, the messages with which they become `until`, and
/// those that taps have although we have not taken them.
struct TakenNote {
  std::string member;
  std::uint64_t taken = 0, until = 0;
  DoneNumbers numbers, had;

  std::string text() const {
    return fmt::format("{} {} {} {} {}", member, taken, until, numbers.text(), had.text());
  }
  static Result<TakenNote> parse(std::string_view text) {
    const auto parts = split(text, ' ');
    TakenNote note;
    const auto number = [](std::string_view part, std::uint64_t& into) {
      return std::from_chars(part.data(), part.data() + part.size(), into).ec == std::errc();
    };
    if (parts.size() != 5 || !number(parts[1], note.taken) || !number(parts[2], note.until))
      return fail(ErrorCode::corrupt, "what was taken of a stream is not readable");
    note.member = parts[0];
    note.numbers = TRY(DoneNumbers::parse(parts[3]));
    note.had = TRY(DoneNumbers::parse(parts[4]));
    return note;
  }
};

class NatsWatch final : public Watch {
 public:
  NatsWatch(NatsPlace place, WatchState& state, WatchSink& sink, WatchOptions options)
      : place_(std::move(place)),
        state_(state),
        sink_(sink),
        taps_(std::move(options.taps)),
        unlisted_(options.warning_lists) {}

  Done begin() {
    TRY(connect());
    TRY(find_stream());
    TRY(join_group());
    const auto row = state_.records().read(store::Table::cursor, key());
    if (row) done_ = TRY(DoneNumbers::parse(row->value));
    if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
    return begin_taps();
  }

  Result<bool> look(Scanner& scanner, const Matcher& matcher, const std::atomic<bool>& stop) override {
    bool something = false;
    while (!stop) {
      Messages batch;
      const auto status =
          natsSubscription_Fetch(&batch.list, subscription_.get(), batch_messages, batch_ms, nullptr);
      if (batch.list.Count == 0) {
        if (status != NATS_OK && status != NATS_TIMEOUT) tell(status);
        return something;
      }
      TRY(take(batch, scanner, matcher));
      something = true;
    }
    return something;
  }

  void wait(Duration) override {
    if (failed_) std::this_thread::sleep_for(std::chrono::seconds(1));  // else the fetch has waited
    failed_ = false;
  }
  const WatchTotals& totals() const override { return totals_; }

 private:
  std::string key() const { return fmt::format("watch/nats/{}/{}", stream_name_, place_.group); }

  Done connect() {
    natsOptions* made = nullptr;
    if (const auto status = natsOptions_Create(&made); status != NATS_OK)
      return nats_error(place_, status, "no connection");
    const Options options(made);
    auto status = natsOptions_SetURL(options.get(), place_.server.c_str());
    if (status == NATS_OK) status = natsOptions_SetMaxReconnect(options.get(), -1);
    if (status == NATS_OK) status = natsOptions_SetTimeout(options.get(), answer_ms);
    if (status == NATS_OK && !place_.credentials.empty())
      status = natsOptions_SetUserCredentialsFromFiles(options.get(), place_.credentials.c_str(), nullptr);
    natsConnection* connection = nullptr;
    if (status == NATS_OK) status = natsConnection_Connect(&connection, options.get());
    connection_.reset(connection);
    jsCtx* stream = nullptr;
    if (status == NATS_OK) status = natsConnection_JetStream(&stream, connection_.get(), nullptr);
    jet_stream_.reset(stream);
    if (status != NATS_OK) return nats_error(place_, status, "no connection");
    return {};
  }

  /// A stream that was made anew under its name numbers its messages anew.
  Done find_stream() {
    jsStreamInfo* info = nullptr;
    const auto status = js_GetStreamInfo(&info, jet_stream_.get(), place_.stream.c_str(), nullptr, nullptr);
    const StreamInfo held(info);
    if (status != NATS_OK) return nats_error(place_, status, "no such stream");
    stream_name_ = fmt::format("{}@{}", place_.stream, info->Created);
    return {};
  }

  Done join_group() {
    jsConsumerInfo* info = nullptr;
    auto status = js_GetConsumerInfo(
        &info, jet_stream_.get(), place_.stream.c_str(), place_.group.c_str(), nullptr, nullptr);
    if (status == NATS_NOT_FOUND) {
      jsConsumerConfig config;
      jsConsumerConfig_Init(&config);
      config.Durable = place_.group.c_str();
      config.AckPolicy = js_AckExplicit;
      status = js_AddConsumer(&info, jet_stream_.get(), place_.stream.c_str(), &config, nullptr, nullptr);
    }
    const ConsumerInfo held(info);
    if (status != NATS_OK) return nats_error(place_, status, "no consumer group");
    done_below_ = info->AckFloor.Stream;
    jsSubOptions options;
    jsSubOptions_Init(&options);
    options.Stream = place_.stream.c_str();
    options.Consumer = place_.group.c_str();
    natsSubscription* subscription = nullptr;
    status = js_PullSubscribe(
        &subscription, jet_stream_.get(), nullptr, place_.group.c_str(), nullptr, &options, nullptr);
    subscription_.reset(subscription);
    if (status != NATS_OK) return nats_error(place_, status, "no consumer group");
    return {};
  }

  /// What taps have by their own account although we did not hear of it is theirs: it is not given again.
  Done begin_taps() {
    const auto row = state_.records().read(store::Table::cursor, taken_key());
    if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
    if (row) note_ = TRY(TakenNote::parse(row->value));
    if (!row) note_.member = to_hex(system_random().bytes(16));
    const auto path = fmt::format("{}/{}", place_.server, place_.stream);
    log_ = TakenOfStream(path, stream_name_, note_.member, note_.taken);
    for (auto* const tap : taps_)
      if (note_.until > note_.taken && tap->kept_lines(log_) >= note_.until) {
        note_.had.add(note_.numbers);
        note_.taken = note_.until;
      }
    log_.took(note_.taken);
    return {};
  }

  std::string taken_key() const { return key() + "/taken"; }

  /// So many lines of these messages are about to be given to the taps.
  Done note_ahead(std::uint64_t until, DoneNumbers numbers) {
    note_.until = until;
    note_.numbers = std::move(numbers);
    const auto write = note_write();
    return state_.records().write({&write, 1});
  }

  store::Write note_write() const {
    return {.table = store::Table::cursor, .key = taken_key(), .value = note_.text(), .expected = {}};
  }

  /// What the messages show and that they are done is kept together; then they are acknowledged.
  Done take(Messages& batch, Scanner& scanner, const Matcher& matcher) {
    WatchState::Turn turn;
    std::vector<Hit> hits;
    DoneNumbers news;
    for (int i = 0; i < batch.list.Count; ++i) {
      const auto number = number_of(batch.list.Msgs[i]);
      if (number == 0 || done_.contains(number)) continue;
      look_through(batch.list.Msgs[i], number, scanner, matcher, turn.counts, hits);
      done_.add(number);
      if (!note_.had.contains(number)) news.add(number);
    }
    for (const auto& hit : hits) sink_.hit(hit);
    done_.forget_below(done_below_);
    note_.had.forget_below(done_below_);
    turn.rows.push_back({.table = store::Table::cursor, .key = key(), .value = done_.text(), .expected = {}});
    const bool noted = std::ranges::any_of(taps_, &WatchTap::has_account);
    if (noted) TRY(note_ahead(log_.lines(), std::move(news)));
    for (auto* const tap : taps_) TRY(tap->keep(log_, turn));
    note_.taken = log_.lines();
    if (noted) turn.rows.push_back(note_write());
    sink_.flush();
    TRY(state_.commit({}, turn));
    ++totals_.commits;
    totals_.hits += hits.size();
    for (int i = 0; i < batch.list.Count; ++i) natsMsg_Ack(batch.list.Msgs[i], nullptr);
    natsConnection_FlushTimeout(connection_.get(), answer_ms);
    if (totals_.commits % 64 == 0) ask_floor();
    return {};
  }

  /// Up to where everybody's messages are acknowledged: none of these comes again.
  void ask_floor() {
    jsConsumerInfo* info = nullptr;
    js_GetConsumerInfo(
        &info, jet_stream_.get(), place_.stream.c_str(), place_.group.c_str(), nullptr, nullptr);
    const ConsumerInfo held(info);
    if (info != nullptr) done_below_ = info->AckFloor.Stream;
  }

  static std::uint64_t number_of(natsMsg* message) {
    jsMsgMetaData* data = nullptr;
    natsMsg_GetMetaData(&data, message);
    const MetaData held(data);
    return data == nullptr ? 0 : data->Sequence.Stream;
  }

  void look_through(natsMsg* message,
                    std::uint64_t number,
                    Scanner& scanner,
                    const Matcher& matcher,
                    WatchState::Counts& counts,
                    std::vector<Hit>& hits) {
    const std::string_view text(natsMsg_GetData(message),
                                static_cast<std::size_t>(natsMsg_GetDataLength(message)));
    auto& records = records_of(natsMsg_GetSubject(message), text);
    const auto source = fmt::format("nats:{}:{}", stream_name_, number);
    const bool was_tapped = note_.had.contains(number);
    log_.next(source, number, text.size());
    const auto broken = records.counts.broken_lines;
    static const std::vector<Match> no_matches;
    std::uint64_t line = 0;
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      ++totals_.lines;
      const Line one{.text = text.substr(at, end - at), .number = ++line};
      records.check_text(one);
      at = end + 1;
      const bool is_record = records.take(one, record_);
      const auto& matches = is_record ? unlisted_.of(scanner.scan(record_), totals_) : no_matches;
      record_.line = was_tapped ? 0 : log_.lines() + 1;  // 0: who counts lines has this one
      if (is_record)
        for (auto* const tap : taps_) tap->record(record_, matches, log_);
      if (!was_tapped) log_.took_line();
      if (matches.empty()) continue;
      add_hits(record_, matches, matcher, source, system_clock().now(), counts);
      for (const auto& match : matches)
        hits.push_back({.source = fmt::format("{}/{}", place_.server, place_.stream),
                        .line = number,
                        .time = event_time(record_),
                        .field = std::string(match.field),
                        .value = std::string(match.value),
                        .indicator = match.indicator});
    }
    totals_.broken_lines += records.counts.broken_lines - broken;
  }

  /// Messages of one subject are of one format: that of the first. JSON is told apart from message to
  /// message.
  LineRecords& records_of(std::string_view subject, std::string_view text) {
    if (text.starts_with('{')) subject = "{";
    const auto known = records_.find(subject);
    if (known != records_.end()) return known->second;
    if (records_.size() >= formats_max) records_.clear();
    return records_.emplace(subject, LineRecords(detect_format(text))).first->second;
  }

  void tell(natsStatus status) {
    failed_ = true;
    sink_.problem(place_.server + "/" + place_.stream, natsStatus_GetText(status));
  }

  NatsPlace place_;
  WatchState& state_;
  WatchSink& sink_;
  std::vector<WatchTap*> taps_;
  Unlisted unlisted_;
  TakenOfStream log_;
  TakenNote note_;
  Connection connection_;
  JetStream jet_stream_;
  Subscription subscription_;
  std::string stream_name_;
  DoneNumbers done_;
  std::uint64_t done_below_ = 0;
  std::map<std::string, LineRecords, std::less<>> records_;
  Record record_;
  bool failed_ = false;
  WatchTotals totals_;
};

}  // namespace

bool is_nats_place(std::string_view path) {
  return path.starts_with("nats://") || path.starts_with("tls://");
}

Result<NatsPlace> read_nats_place(std::string_view path) {
  NatsPlace place;
  const auto host = path.find("://") + 3;
  const auto slash = path.find('/', host);
  if (slash == path.npos || slash == host)
    return fail(ErrorCode::invalid, "{}: is not nats://HOST:PORT/STREAM", excerpt(path, 200));
  if (path.substr(host, slash - host).find('@') != path.npos)
    return fail(ErrorCode::invalid, "secrets do not stand in addresses: use --credentials FILE");
  place.server = path.substr(0, slash);
  auto rest = path.substr(slash + 1);
  if (const auto query = rest.find("?group="); query != rest.npos) {
    place.group = rest.substr(query + 7);
    rest = rest.substr(0, query);
  }
  place.stream = rest;
  const auto is_name = [](std::string_view name) {
    return !name.empty() && name.find_first_of(" .*>/\\?&=\t\r\n") == name.npos;
  };
  if (!is_name(place.stream) || !is_name(place.group))
    return fail(
        ErrorCode::invalid, "{}: names of streams and groups hold no dots or marks", excerpt(path, 200));
  return place;
}

Result<std::unique_ptr<Watch>> watch_nats(const NatsPlace& place,
                                          WatchState& state,
                                          WatchSink& sink,
                                          WatchOptions options) {
  auto watch = std::make_unique<NatsWatch>(place, state, sink, std::move(options));
  TRY(watch->begin());
  return std::unique_ptr<Watch>(std::move(watch));
}

}  // namespace shieldwall::detect
