using System.Collections;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Dashboard;

/// <summary>A gateway with an operator, and what that one asks.</summary>
internal static class OperatorCalls
{
    public const string Token = "an operator's token";

    public const string Authorization = $"Bearer {Token}";

    public static Hashtable Settings(params (string Name, string Value)[] more)
    {
        var settings = new Hashtable { ["KEYMELD__OPERATOR__TOKEN_SHA256"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Token))) };
        foreach (var (name, value) in more)
        {
            settings[name] = value;
        }
        return settings;
    }

    public static Task<Answer> AskAsync(this TestGateway gateway, string path, string token = Token) =>
        gateway.SendAsync(HttpMethod.Get, path, [], prefer: null, reader: null, authorization: $"Bearer {token}");

    public static async Task<JsonElement> OverviewAsync(this TestGateway gateway)
    {
        var answer = await gateway.AskAsync("/api/v1/operator/overview");
        Assert.True(answer.Status == System.Net.HttpStatusCode.OK, Encoding.UTF8.GetString(answer.Body));
        return JsonDocument.Parse(answer.Body).RootElement;
    }

    /// <summary>Asks until it is as wanted; the overview is made anew each second.</summary>
    public static async Task<JsonElement> OverviewAsync(this TestGateway gateway, Func<JsonElement, bool> isWanted)
    {
        var overview = await gateway.OverviewAsync();
        await Eventually.TrueAsync(async () => isWanted(overview = await gateway.OverviewAsync()));
        return overview;
    }

    public static string?[] Texts(this JsonElement array, string member) => [.. array.EnumerateArray().Select(entry => entry.GetProperty(member).GetString())];

    public static int[] Numbers(this JsonElement array) => [.. array.EnumerateArray().Select(entry => entry.GetInt32())];
}
