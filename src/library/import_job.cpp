#include "library/import_job.h"

#include "ledger/audit.h"
#include "ledger/organisation.h"
#include "library/search.h"
#include "library/unpack.h"

namespace shieldwall::library {

namespace {

/// Puts what arrives into the store, and tells how far it is about once a second. Text that is no STIX ends
/// the import but not the request: the handler says what is wrong once the body is there.
class ImportSink final : public net::BodySink {
 public:
  ImportSink(const api::Services& services,
             api::Caller caller,
             Job job,
             Terms terms,
             ImportOptions options,
             std::optional<wire::Compression> packed)
      : services_(services),
        caller_(std::move(caller)),
        job_(std::move(job)),
        next_(Deadline::in(job_told_every, services.clock)),
        importer_(services.store, std::move(terms), caller_.scope, std::move(options)),
        unpacker_(packed) {}

  /// Dropped before its end: the sender went away.
  ~ImportSink() override {
    if (ended_) return;
    importer_.cancel();
    (void)conclude(fail(ErrorCode::unavailable, "the body was cut before its end"));
  }

  Done write(std::string_view piece) override {
    if (error_) return {};
    if (auto pushed = unpacker_.push(piece, to_importer()); !pushed) stop_at(pushed.error());
    if (!next_.passed()) return {};
    next_ = Deadline::in(job_told_every, services_.clock);
    if (is_cancel_asked(services_.store.records(), job_)) importer_.cancel();
    return tell();
  }

  /// Waits for the rest, until `deadline`. The job as it ended.
  Result<Job> finish(Deadline deadline) {
    if (!error_)
      if (auto ended = unpacker_.finish(to_importer()); !ended) stop_at(ended.error());
    if (error_) return conclude(fail(*error_));
    return conclude(importer_.finish(deadline));
  }

  /// Not for what came, but for how long it took.
  bool is_out_of_time() const { return out_of_time_; }

 private:
  /// What came whole before stays.
  void stop_at(const Error& error) {
    error_ = error;
    (void)importer_.finish();
  }

  Unpacker::Take to_importer() {
    return [this](std::string_view text) { return importer_.push(text); };
  }

  Done tell() {
    job_.updated = services_.clock.now();
    job_.progress = write_report(importer_.progress());
    return update_job(services_.store.records(), job_);
  }

  Result<Job> conclude(const Result<ImportReport>& report) {
    ended_ = true;
    job_.state = JobState::done;
    if (!report) {
      const bool cancelled = report.error().code == ErrorCode::conflict;
      job_.state = cancelled ? JobState::cancelled : JobState::failed;
      job_.error = report.error().message;
      out_of_time_ = report.error().code == ErrorCode::unavailable;
    }
    TRY(tell());
    const auto told = importer_.progress();
    TRY(ledger::audit(services_.store,
                      caller_,
                      "object.import",
                      {{"job", job_.id.text()},
                       {"state", name_of(job_.state)},
                       {"stored", told.tally.stored},
                       {"refused", told.tally.refused}}));
    return job_;
  }

  const api::Services services_;
  const api::Caller caller_;
  Job job_;
  Deadline next_;
  std::optional<Error> error_;
  bool ended_ = false;
  bool out_of_time_ = false;
  Importer importer_;
  Unpacker unpacker_;
};

Result<JobId> job_id_of(const api::Call& call) {
  const auto text = call.target.parameter("job");
  if (!text) return JobId::random(call.services.random);
  auto id = JobId::parse(*text);
  if (!id) return fail(std::move(id).error().within("job"));
  return *id;
}

Result<std::shared_ptr<ImportSink>> open_sink(api::Call& call) {
  TRY(only_known(call.target, import_parameters));
  const auto packed =
      TRY(Unpacker::encoding_named(call.request.headers.get("Content-Encoding").value_or("")));
  const auto request = TRY(read_label_request(call.target.query));
  auto& records = call.services.store.records();
  auto terms = TRY(terms_of(records, *call.caller, request));
  terms.strict = call.target.parameter("strict") == "true";
  ImportOptions options;
  options.author = TRY(author_of(records, call.caller->organisation, call.now));
  const auto id = TRY(job_id_of(call));
  Job job{.id = id,
          .organisation = call.caller->organisation,
          .account = call.caller->account,
          .kind = "import",
          .started = call.now,
          .updated = call.now};
  auto begun = begin_job(records, job);
  if (!begun && begun.error().code == ErrorCode::conflict)
    return fail(ErrorCode::conflict, "there is a job {} already", job.id.text());
  TRY(std::move(begun));
  return std::make_shared<ImportSink>(
      call.services, *call.caller, std::move(job), std::move(terms), std::move(options), packed);
}

}  // namespace

Bytes write_report(const ImportReport& report) {
  model::JsonWriter out;
  out.begin_object();
  out.member("format", name_of(report.format));
  out.member("bytes", report.bytes);
  out.member("objects", report.objects);
  write_tally(out, report.tally);
  out.member("warnings", report.warnings);
  out.key("findings");
  out.begin_array();
  for (const auto& outcome : report.findings) write_outcome(out, outcome);
  out.end_array();
  out.end_object();
  return std::move(out).text();
}

Result<std::shared_ptr<net::BodySink>> open_import(api::Call& head) {
  return TRY(open_sink(head));
}

Result<api::Response> import_objects(api::Call& call) {
  auto sink = std::dynamic_pointer_cast<ImportSink>(call.request.sink);
  if (!sink) {
    sink = TRY(open_sink(call));
    TRY(sink->write(call.request.body));
  }
  auto job = TRY(sink->finish(call.deadline));
  if (sink->is_out_of_time()) return fail(ErrorCode::unavailable, "{} (job {})", job.error, job.id.text());
  const int status = job.state == JobState::done ? 200 : job.state == JobState::cancelled ? 409 : 422;
  return answer_job(call, status, std::move(job));
}

}  // namespace shieldwall::library
