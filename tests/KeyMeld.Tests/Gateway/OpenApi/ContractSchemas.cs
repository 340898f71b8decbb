// JSON Schema 2020-12, as OpenAPI 3.1 uses it.
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Gateway.OpenApi;

/// <summary>Writes the schemas of the contracts from what the serializer itself goes by: names, types, which members must be there, which may be null.</summary>
internal sealed class ContractSchemas(XmlDocs docs)
{
    private readonly NullabilityInfoContext _nullability = new();

    /// <summary>The component schemas written so far.</summary>
    public SortedDictionary<string, JsonNode> Components { get; } = new(Primitives.All(), StringComparer.Ordinal);

    /// <summary>A reference to the schema of a contract.</summary>
    public JsonObject Of(JsonTypeInfo type)
    {
        var name = NameOf(type.Type);
        if (!Components.ContainsKey(name))
        {
            Components[name] = new JsonObject();
            Components[name] = Write(type);
        }
        return Reference(name);
    }

    public static JsonObject Reference(string component) => new() { ["$ref"] = "#/components/schemas/" + component };

    private JsonObject Write(JsonTypeInfo type)
    {
        var required = new JsonArray();
        var members = new JsonObject();
        foreach (var member in type.Properties)
        {
            var property = type.Type.GetProperties().Single(candidate => JsonNamingPolicy.SnakeCaseLower.ConvertName(candidate.Name) == member.Name);
            var nullability = _nullability.Create(property);
            var isNullable = nullability.ReadState == NullabilityState.Nullable || Nullable.GetUnderlyingType(member.PropertyType) is not null;
            var isRequired = member.IsRequired || !(isNullable || HasDefault(property));
            if (isRequired)
            {
                required.Add(member.Name);
            }
            var schema = Facets.Apply(property, Of(member.PropertyType, type.Options, isRequired && isNullable, nullability));
            if (docs.Of(property) is { Length: > 0 } text)
            {
                schema["description"] = schema["description"] is { } more ? $"{text} {more}" : text;
            }
            members[member.Name] = schema;
        }
        var written = new JsonObject { ["type"] = "object" };
        if (docs.Of(type.Type) is { Length: > 0 } summary)
        {
            written["description"] = summary;
        }
        if (required.Count > 0)
        {
            written["required"] = required;
        }
        written["properties"] = members;
        if (type.UnmappedMemberHandling == System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow || (type.UnmappedMemberHandling is null && type.Options.UnmappedMemberHandling == System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow))
        {
            written["additionalProperties"] = false;
        }
        return written;
    }

    private JsonObject Of(Type type, JsonSerializerOptions options, bool orNull, NullabilityInfo? nullability)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        var schema = Named(type) is { } name ? Reference(name)
            : type == typeof(string) ? new JsonObject { ["type"] = "string" }
            : type == typeof(bool) ? new JsonObject { ["type"] = "boolean" }
            : type == typeof(int) ? Integer("int32", int.MaxValue)
            : type == typeof(long) || type == typeof(ulong) ? Integer("int64", null)
            : type == typeof(double) ? new JsonObject { ["type"] = "number", ["format"] = "double" }
            : ElementOf(type) is { } element ? new JsonObject
            {
                ["type"] = "array",
                ["items"] = Of(element, options, nullability?.GenericTypeArguments is [{ ReadState: NullabilityState.Nullable }], null),
            }
            : Of(options.GetTypeInfo(type));
        return !orNull ? schema
            : schema.ContainsKey("$ref") ? new JsonObject { ["oneOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) }
            : new JsonObject(schema.Select(member => KeyValuePair.Create(member.Key, member.Key == "type" ? new JsonArray(member.Value!.DeepClone(), "null") : member.Value?.DeepClone())));
    }

    private static string NameOf(Type type) => type.Name.EndsWith("Json", StringComparison.Ordinal) ? type.Name[..^4] : type.Name;

    private static string? Named(Type type) =>
        type == typeof(Hash32) ? "Hash32" : type == typeof(Id16) ? "Id16" : type == typeof(PublicKey) ? "PublicKey" : type == typeof(XOnlyPublicKey) ? "XOnlyPublicKey"
        : type == typeof(SchnorrSignature) ? "Signature" : type == typeof(byte[]) ? "Blob" : null;

    private static Type? ElementOf(Type type) => type.IsGenericType && typeof(System.Collections.IEnumerable).IsAssignableFrom(type) ? type.GetGenericArguments()[0] : null;

    // An optional parameter of the record's constructor.
    private static bool HasDefault(PropertyInfo property) => property.DeclaringType!.GetConstructors()
        .SelectMany(constructor => constructor.GetParameters()).Any(parameter => parameter.Name == property.Name && parameter.HasDefaultValue);

    private static JsonObject Integer(string format, long? most)
    {
        var schema = new JsonObject { ["type"] = "integer", ["format"] = format, ["minimum"] = 0 };
        if (most is { } number)
        {
            schema["maximum"] = number;
        }
        return schema;
    }
}
