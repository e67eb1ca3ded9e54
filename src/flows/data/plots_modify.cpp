#include "flows/data/plots_modify.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "codec/python_text.hpp"
#include "flows/data/plots.hpp"
#include "pipeline/stage_files.hpp"

namespace mlean::flows {
namespace {

Result<void> Unset(codec::Json& props, const std::vector<std::string>& names, const std::string& shown) {
  codec::Json missing = codec::Json::Array{};
  for (const std::string& name : names) {
    if (props.Find(name) == nullptr) missing.Push(name);
  }
  if (!missing.AsArray().empty()) {
    return Fail(Code::kNotFound, fmt::format("display properties {} not found in plot '{}'", codec::PythonRepr(missing), shown));
  }
  std::erase_if(props.AsObject(), [&](const codec::Json::Member& member) {
    return std::find(names.begin(), names.end(), member.first) != names.end();
  });
  return {};
}

}  // namespace

Result<void> ModifyPlot(Repository& repository, const PlotsModifyRequest& request) {
  const pipeline::Place& place = repository.place();
  if (const codec::Json* name = request.props.Find("template")) {
    TRYV(metrics::FindTemplate(name->AsString(), TemplatesOf(repository)));
  }
  const std::string location = place.Typed(request.target);
  TRY(const std::vector<pipeline::Stage*>* const stages, repository.index().All());
  for (pipeline::Stage* stage : *stages) {
    for (pipeline::Output& output : stage->outs) {
      if (output.location != location) continue;
      const std::string shown = place.Shown(location);
      if (!output.plot && request.unset) {
        return Fail(Code::kInvalid, fmt::format("'{}' is not a known plot. Use `dvc plots modify` to turn it into one.", shown));
      }
      if (!output.plot_props.IsObject()) output.plot_props = codec::Json::Object{};
      if (request.unset) TRYV(Unset(output.plot_props, *request.unset, shown));
      for (const auto& [key, value] : request.props.AsObject()) output.plot_props.Set(key, value);
      output.plot = true;
      TRYV(pipeline::SaveStages({stage}, place, {.pipeline = true, .lock = false}, repository.say()));
      return {};
    }
  }
  return Fail(Code::kNotFound, fmt::format("Unable to find DVC file with output '{}'", place.Shown(location)));
}

}  // namespace mlean::flows
