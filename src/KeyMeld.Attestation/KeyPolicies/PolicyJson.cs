using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace KeyMeld.Attestation;

/// <summary>Writes a policy document, statement by statement, for people to read.</summary>
internal sealed class PolicyJson : IDisposable
{
    private readonly MemoryStream _buffer = new();
    private readonly Utf8JsonWriter _json;

    public PolicyJson()
    {
        _json = new Utf8JsonWriter(_buffer, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        _json.WriteStartObject();
        _json.WriteString("Version", "2012-10-17");
        _json.WriteStartArray("Statement");
    }

    /// <param name="id">Its name.</param>
    /// <param name="effect">Allow or Deny.</param>
    /// <param name="principals">Null in a policy of IAM's, which hangs on its principal.</param>
    /// <param name="actions">The actions.</param>
    /// <param name="resource">What it is about; in a key policy `*`, the key itself.</param>
    /// <param name="conditions">All of them must hold; those of one operator stand together.</param>
    public void Statement(
        string id, string effect, IReadOnlyList<string>? principals, IReadOnlyList<string> actions, string resource,
        params IReadOnlyList<(string Operator, string Key, IReadOnlyList<string> Values)> conditions)
    {
        _json.WriteStartObject();
        _json.WriteString("Sid", id);
        _json.WriteString("Effect", effect);
        if (principals is not null)
        {
            _json.WriteStartObject("Principal");
            Texts("AWS", principals);
            _json.WriteEndObject();
        }
        Texts("Action", actions);
        _json.WriteString("Resource", resource);
        if (conditions.Count > 0)
        {
            _json.WriteStartObject("Condition");
            foreach (var together in conditions.GroupBy(condition => condition.Operator))
            {
                _json.WriteStartObject(together.Key);
                foreach (var (_, key, values) in together)
                {
                    Texts(key, values);
                }
                _json.WriteEndObject();
            }
            _json.WriteEndObject();
        }
        _json.WriteEndObject();
    }

    /// <summary>The whole document, with a line end.</summary>
    public string Finish()
    {
        _json.WriteEndArray();
        _json.WriteEndObject();
        _json.Flush();
        return Encoding.UTF8.GetString(_buffer.ToArray()) + "\n";
    }

    public void Dispose()
    {
        _json.Dispose();
        _buffer.Dispose();
    }

    private void Texts(string name, IReadOnlyList<string> values)
    {
        if (values.Count == 1)
        {
            _json.WriteString(name, values[0]);
            return;
        }
        _json.WriteStartArray(name);
        foreach (var value in values)
        {
            _json.WriteStringValue(value);
        }
        _json.WriteEndArray();
    }
}
