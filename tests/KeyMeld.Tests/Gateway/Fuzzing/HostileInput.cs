using System.Text;
using System.Text.Json.Nodes;

namespace KeyMeld.Tests.Gateway.Fuzzing;

/// <summary>Makes something else of good bodies, targets and headers, as an attacker or a careless client would.</summary>
internal sealed class HostileInput(Random random)
{
    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1.5", "1e400", "-0", "9223372036854775808", "123456789012345678901234567890", "\"\"", "\"\\u0000\"", "\"\\ud800\"", "\"AA\"", "\"AA==\"", "\"AA=A\"", "\" AAAA\"", "\"AA-_\"",
        "\"AAAA\\n\"", "[]", "{}", "[null]", "[[]]", "{\"statement\":\"\",\"signatures\":[]}", "\"\\ufeff\"", "NaN", "Infinity", "01", "'x'", "\"" + new string('a', 64) + "\"", "\"" + new string('A', 64) + "\"",
    ];

    private static readonly string[] Targets =
    [
        "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//", "/./", "/..;/", "%00", "%2f", "/", "?", "??", "?x", "?nonce=", "?nonce=zz&nonce=zz", "#", "/%c0%ae", "\\..\\", "/*", "?%", ";a=b", "/..%5c", "%0d%0aX:1",
    ];

    private static readonly (string Name, string[] Values)[] HeaderValues =
    [
        ("Authorization", ["KeyMeld", "KeyMeld key=", "KeyMeld key=00,ts=1,nonce=00,sig=00", "Bearer", "Bearer x", "Basic Og==", "keymeld key=,ts=,nonce=,sig=", "Negotiate " + new string('A', 4000)]),
        ("Prefer", ["wait", "wait=", "wait=-1", "wait=0", "wait=99999999999", "wait=0x10", "wait=0, wait=5", ";;,,==", "respond-async"]),
        ("If-None-Match", ["*", "\"", "W/\"x\"", "\"x\", \"y\"", ","]),
        ("Accept-Encoding", ["br;q=2", "gzip;q=0", "*", "identity;q=0", ",,", "br;q=x"]),
        ("Accept", ["text/html", "*/*;q=0", "image/png"]),
        ("Last-Event-ID", ["formed-2", "joining-0", "\u00ff", new string('x', 3000)]),
        ("X-Request-Id", ["a b", "<script>", new string('x', 200), "../../x", "ok-1"]),
        ("traceparent", ["00-00-00-00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]),
        ("Content-Encoding", ["gzip", "identity", "br"]),
        ("Expect", ["100-continue", "x"]),
        ("Range", ["bytes=0-0", "bytes=-1"]),
        ("X-Forwarded-For", ["127.0.0.1", "::1, 10.0.0.1", "x"]),
        ("Origin", ["null", "http://evil.example"]),
        ("Cookie", ["a=b"]),
        ("X-HTTP-Method-Override", ["DELETE"]),
    ];

    private static readonly string[] ContentTypes = ["text/plain", "application/json; charset=utf-16", "application/json;charset=utf-8", "APPLICATION/JSON", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ";", "application/json; x=y"];

    private static readonly string[] Methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "BREW", "get"];

    public byte[] Body(JsonNode? good)
    {
        var text = good?.ToJsonString() ?? "null";
        return random.Next(13) switch
        {
            0 => Encoding.UTF8.GetBytes(ReplaceOne(good!, Pick(Values))),
            1 => Encoding.UTF8.GetBytes(ReplaceOne(good!, Pick(Values))),
            2 => Encoding.UTF8.GetBytes(Change(good!, random.Next(3))),
            3 => Encoding.UTF8.GetBytes(text[..random.Next(text.Length)]),
            4 => Encoding.UTF8.GetBytes(text + Pick(["}", " {}", "\0", ",", " //x", "null"])),
            5 => Flip(Encoding.UTF8.GetBytes(text)),
            6 => [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(text)],
            7 => Encoding.Unicode.GetBytes(text),
            8 => Encoding.UTF8.GetBytes(new string('[', 1 + random.Next(20_000))),
            9 => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 1 + random.Next(5_000)))),
            10 => [],
            11 => Encoding.UTF8.GetBytes(ReplaceOne(good!, "\"" + new string('A', 4 * random.Next(60_000)) + "\"")),
            _ => Encoding.UTF8.GetBytes(ReplaceOne(good!, Pick(["\"\\ud800\\ud800\"", "\"\\u0000\"", "{\"\":{\"\":{\"\":{}}}}"]))),
        };
    }

    public string Target(string good) => random.Next(6) switch
    {
        0 => good.Insert(random.Next(1, good.Length + 1), Pick(Targets)),
        1 => good + Pick(Targets),
        2 => good.ToUpperInvariant(),
        3 => good[..random.Next(1, good.Length + 1)],
        4 => Pick(["http://evil.example", "https://127.0.0.1:1", "http://[::1]"]) + good,
        _ => string.Concat(good.Select(letter => random.Next(12) == 0 && letter != '/' ? $"%{(int)letter:x2}" : letter.ToString())),
    };

    public (string Name, string Value) Header()
    {
        var (name, values) = Pick(HeaderValues);
        return (name, Pick(values));
    }

    public string ContentType() => Pick(ContentTypes);

    public string Method() => Pick(Methods);

    private T Pick<T>(IReadOnlyList<T> from) => from[random.Next(from.Count)];

    private string ReplaceOne(JsonNode good, string raw)
    {
        const string mark = "replace-this-one";
        var copy = good.DeepClone();
        var places = Places(copy).ToList();
        if (places.Count == 0)
        {
            return raw;
        }
        Pick(places)(mark);
        return copy.ToJsonString().Replace($"\"{mark}\"", raw, StringComparison.Ordinal);
    }

    private static IEnumerable<Action<string>> Places(JsonNode? node)
    {
        if (node is JsonObject fields)
        {
            foreach (var name in fields.Select(field => field.Key).ToList())
            {
                yield return value => fields[name] = value;
                foreach (var place in Places(fields[name]))
                {
                    yield return place;
                }
            }
        }
        else if (node is JsonArray entries)
        {
            for (var i = 0; i < entries.Count; i++)
            {
                var index = i;
                yield return value => entries[index] = value;
                foreach (var place in Places(entries[index]))
                {
                    yield return place;
                }
            }
        }
    }

    private static string Change(JsonNode good, int kind)
    {
        var text = good.ToJsonString();
        return (good, kind) switch
        {
            (JsonObject { Count: > 0 } fields, 0) => $"{{\"{fields.First().Key}\":{fields.First().Value?.ToJsonString() ?? "null"},{text[1..]}",
            (JsonObject { Count: > 0 } fields, 1) => new JsonObject(fields.Skip(1).Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone()))).ToJsonString(),
            (JsonObject, _) => text.Length > 2 ? $"{{\"unknown\":1,{text[1..]}" : "{\"unknown\":1}",
            _ => "[" + text + "]",
        };
    }

    private byte[] Flip(byte[] bytes)
    {
        for (var times = 1 + random.Next(3); times > 0; times--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }
        return bytes;
    }
}
