#include "flows/predict_file.hpp"

#include <fmt/core.h>

#include "flows/evaluate_model.hpp"
#include "tables/writer.hpp"

namespace mlean::flows {

Result<std::int64_t> PredictFile(const infer::Model& model, const std::filesystem::path& data,
                                 const std::filesystem::path& output) {
  TRY(types::Frame frame, ReadLabelled(data));
  TRY(const std::vector<float> rows, model.encoder().EncodeFrame(frame));
  const std::size_t columns = model.outputs();
  const std::size_t count = frame.rows();
  std::vector<float> answers(count * columns);
  model.PredictRows(rows, count, answers);
  for (std::size_t k = 0; k < columns; ++k) {
    types::Column column{.name = columns == 1 ? "prediction" : fmt::format("prediction_{}", k)};
    for (std::size_t row = 0; row < count; ++row) column.reals.push_back(static_cast<double>(answers[row * columns + k]));
    frame.columns.push_back(std::move(column));
  }
  if (const auto& classes = model.schema().classes; !classes.empty()) {
    types::Column label{.name = "label", .kind = types::Kind::kText};
    label.words = classes;
    for (std::size_t row = 0; row < count; ++row)
      label.codes.push_back(model.LabelOf(std::span(answers).subspan(row * columns, columns)));
    // The data's own column of that name stays as it is.
    label.name = frame.Find("label") == nullptr ? "label" : "predicted_label";
    frame.columns.push_back(std::move(label));
  }
  TRY(const auto engine, tables::Engine::Open());
  if (output.extension() == ".csv") return tables::WriteCsv(*engine, frame, output.string());
  return tables::WriteParquet(*engine, frame, output.string());
}

}  // namespace mlean::flows
