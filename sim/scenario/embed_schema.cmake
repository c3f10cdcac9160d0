# cmake -DIN=file.json -DOUT=file.cpp -P embed_schema.cmake
file(READ ${IN} text)
file(WRITE ${OUT} "#include \"sim/scenario/schema.h\"\n
namespace xs::scenario {
const std::string_view schema_text = R\"schema(${text})schema\";
}\n")
