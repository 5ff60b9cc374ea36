// An import straight into the store, which nobody else holds.
#include "cli/import_target.h"
#include "ledger/audit.h"
#include "ledger/organisation.h"
#include "ledger/subject.h"
#include "net/url.h"

namespace shieldwall::cli {

namespace {

using library::ImportReport;

constexpr int workers = 2;
constexpr std::size_t queue_max = 256;

Result<api::Caller> operator_of(store::Store& store) {
  const auto home = TRY(ledger::home_organisation(store.settings()));
  auto subject = TRY(ledger::subject_of(store.records(), home));
  using enum api::Right;
  return api::Caller{.account = {},
                     .name = "command line",
                     .organisation = home,
                     .rights = {read, sight, publish, operate},
                     .scope = policy::Scope::of(std::move(subject)),
                     .local = true};
}

class StoreTarget final : public ImportTarget {
 public:
  StoreTarget(std::unique_ptr<store::Store> store,
              api::Caller caller,
              library::Terms terms,
              library::ListAuthor author)
      : store_(std::move(store)),
        caller_(std::move(caller)),
        terms_(std::move(terms)),
        author_(std::move(author)),
        pool_(workers, queue_max) {}

  static Result<std::unique_ptr<ImportTarget>> over(std::unique_ptr<store::Store> store,
                                                    const Arguments& arguments) {
    auto caller = TRY(operator_of(*store));
    const auto target = TRY(net::parse_target("/" + label_query_of(arguments)));
    const auto request = TRY(library::read_label_request(target.query));
    auto terms = TRY(library::terms_of(store->records(), caller, request));
    terms.strict = arguments.has("--strict");
    auto author = TRY(library::author_of(store->records(), caller.organisation, system_clock().now()));
    return std::unique_ptr<ImportTarget>(
        new StoreTarget(std::move(store), std::move(caller), std::move(terms), std::move(author)));
  }

  Done take(wire::ByteReader& file, ImportProgress& progress, ImportReport& report) override {
    library::Importer importer(*store_,
                               terms_,
                               caller_.scope,
                               {.pool = &pool_, .findings_max = import_findings_max, .author = author_});
    const auto done = library::import_stream(importer, file, [&](const ImportReport& now) {
      progress.tell(now);
      return !is_interrupted();
    });
    report = importer.progress();
    TRY(ledger::audit(*store_,
                      caller_,
                      "object.import",
                      {{"stored", report.tally.stored}, {"refused", report.tally.refused}}));
    if (!done) return fail(done.error());
    return {};
  }

  Result<std::optional<std::pair<std::size_t, double>>> catch_up() override {
    const auto lag = store_->objects().text_lag();
    const auto begun = system_clock().steady();
    while (TRY(store_->objects().tend(milliseconds(500)))) {
    }
    return std::pair{lag, seconds_since(begun)};
  }

 private:
  std::unique_ptr<store::Store> store_;
  const api::Caller caller_;
  const library::Terms terms_;
  const library::ListAuthor author_;
  ThreadPool pool_;
};

}  // namespace

Result<std::unique_ptr<ImportTarget>> import_into_store(std::unique_ptr<store::Store> store,
                                                        const Arguments& arguments) {
  return StoreTarget::over(std::move(store), arguments);
}

}  // namespace shieldwall::cli
