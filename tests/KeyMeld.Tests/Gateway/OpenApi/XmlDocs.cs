using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace KeyMeld.Tests.Gateway.OpenApi;

/// <summary>The documentation comments of the contracts, as the compiler wrote them beside the assemblies.</summary>
internal sealed class XmlDocs
{
    private readonly Dictionary<string, XElement> _members = [];

    public XmlDocs(params Assembly[] assemblies)
    {
        foreach (var member in assemblies.SelectMany(assembly => XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml")).Descendants("member")))
        {
            _members.Add(member.Attribute("name")!.Value, member);
        }
    }

    public string Of(Type type) => Find("T:" + type.FullName);

    public string Of(PropertyInfo property) => Find($"P:{property.DeclaringType!.FullName}.{property.Name}");

    private string Find(string name) => _members.TryGetValue(name, out var member) && member.Element("summary") is { } summary ? Text(summary) : "";

    private static string Text(XElement element) => Regex.Replace(string.Concat(element.Nodes().Select(Text)), @"\s+", " ").Trim();

    private static string Text(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "see" } see => Code(see.Attribute("cref")!.Value.Split(':', '.')[^1].Replace("Json", "", StringComparison.Ordinal)),
        XElement { Name.LocalName: "paramref" } parameter => Code(System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(parameter.Attribute("name")!.Value)),
        XElement { Name.LocalName: "c" } code => Code(code.Value),
        XElement other => Text(other),
        _ => "",
    };

    private static string Code(string text) => $"`{text}`";
}
