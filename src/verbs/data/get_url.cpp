// mlean get-url: brings a file or folder from a url here, without tracking it.
#include "flows/data/get_url.hpp"

#include <fmt/core.h>

#include <memory>

#include "verbs/data/dvc_command.hpp"
#include "verbs/data/external_options.hpp"
#include "verbs/data/interrupt.hpp"
#include "verbs/data/work_bar.hpp"
#include "verbs/verbs.hpp"

namespace mlean::verbs {
namespace {

Result<int> GetUrl(const Arguments& arguments, Context& context) {
  TRY(const std::unique_ptr<Interrupt> interrupt, Interrupt::Watch());
  flows::UrlRequest request{.url = arguments.Text("URL"), .directory = context.directory, .cancel = interrupt->flag()};
  TRY(request.options, NamedValues(arguments, "fs-config"));
  WorkBar bar("getting", context.quiet || context.json);
  const Result<void> done =
      flows::GetUrl(request, arguments.Text("OUT"), arguments.Has("force"), {.progress = &bar, .cancelled = interrupt->flag()});
  bar.Clear();
  if (done) return 0;
  return Caught(context, done.error(), fmt::format("failed to get '{}' - ", request.url));
}

}  // namespace

VerbSpec GetUrlVerb() {
  VerbSpec spec;
  spec.words = {"get-url"};
  spec.summary = "bring a file or folder from a url here, without tracking it";
  spec.options = {Positional("URL", "a path, s3://, gs://, azure://, ssh://, http(s)://, webdav(s):// or remote://NAME/path"),
                  Positional("OUT", "where to put it; its own name here when it is left out", false),
                  ValueOption("-j,--jobs", "N", "accepted for DVC's sake: as many as suit"),
                  Flag("-f,--force", "replace what is there"),
                  ListOption("--fs-config", "NAME=VALUE", "options of the store, as those of a remote")};
  spec.examples = {"mlean get-url https://example.com/set.csv", "mlean get-url remote://store/raw data/raw"};
  spec.exit_codes =
      "0 done · 1 nothing is there, or something is here already · 251 unsound configuration · 254 usage · 255 failed";
  spec.run = GetUrl;
  return DvcVerb(std::move(spec));
}

}  // namespace mlean::verbs
