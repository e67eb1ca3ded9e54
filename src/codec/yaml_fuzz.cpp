#include "codec/yaml.hpp"
#include "codec/yaml_edit.hpp"
#include "codec/yaml_write.hpp"

// Marks stay inside the text, what parses can be written, and edits never crash.
namespace {

void CheckMarks(const mlean::codec::YamlNode& node, std::size_t size) {
  CHECK_BUG(node.start.offset <= node.end.offset && node.end.offset <= size);
  for (const auto& item : node.items) CheckMarks(item, size);
  for (const auto& member : node.members) {
    CheckMarks(member.key, size);
    CheckMarks(member.value, size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mlean::codec;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto document = YamlDocument::Parse(text, "f", {.max_bytes = 1 << 16, .max_depth = 20, .max_nodes = 5000});
  if (!document) return 0;
  CheckMarks(document->root(), size);
  const Json value = document->root().ToJson();
  WriteYaml(value);
  WriteYamlFlow(value);
  auto edit = YamlEdit::Open(text, "f");
  if (!edit) return 0;
  for (const auto& member : document->root().members) {
    (void)edit->SetScalar({member.key.text}, "x");
    (void)edit->Append({member.key.text}, 1);
    (void)edit->AddKey({member.key.text}, "k", true);
    (void)edit->RemoveKey({}, member.key.text);
  }
  return 0;
}
