using System.Text;
using System.Text.Json.Nodes;
using KeyMeld.DevKit.Kms.Authentication;
using KeyMeld.DevKit.Kms.Wire;
using KeyMeld.Enclave.Configuration;
using KeyMeld.Tests.DevKit.Kms.Support;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Support;

/// <summary>One thing in another's place: in what the gateway hands over, in the measured configuration, in the call on its way to KMS, or in the answer.</summary>
internal sealed record Substitution(string Name)
{
    public Action<UntrustedConfigure>? HandedOver { get; init; }

    public Func<EnclaveConfiguration, EnclaveConfiguration>? Configured { get; init; }

    /// <summary>Changes the request's members; it is signed again, with credentials whoever owns the host has.</summary>
    public Action<JsonObject>? Sent { get; init; }

    /// <summary>Whose signature the request gets, and for which region.</summary>
    public (KmsCredential Credential, string Region)? Signed { get; init; }

    public Func<KmsExchange, KmsAnswer>? Answered { get; init; }

    /// <summary>What comes of a call when these substitutions are made on its way.</summary>
    public static async Task<KmsAnswer?> ApplyAsync(IReadOnlyList<Substitution> substitutions, KmsExchange exchange, Uri kms, KmsCredential honest)
    {
        const string Repeated = "x-test-repeated";
        if (exchange.Http.Request.Headers.ContainsKey(Repeated))
        {
            return exchange.Answer;
        }
        if (substitutions.Any(one => one.Sent is not null || one.Signed is not null))
        {
            var body = JsonNode.Parse(exchange.RequestBody.Span)!.AsObject();
            foreach (var one in substitutions)
            {
                one.Sent?.Invoke(body);
            }
            var (credential, region) = substitutions.Select(one => one.Signed).FirstOrDefault(signed => signed is not null) ?? (honest, "us-west-2");
            var answer = await new RawKms(kms, credential).SendAsync(
                new(exchange.Operation, body.ToJsonString()) { Region = region, MoreHeaders = new Dictionary<string, string> { [Repeated] = "1" } });
            exchange = exchange with { Answer = new((int)answer.Status, Encoding.UTF8.GetBytes(answer.Text)) };
        }
        foreach (var change in substitutions.Select(one => one.Answered).OfType<Func<KmsExchange, KmsAnswer>>())
        {
            if (exchange.Answer.Status == 200)
            {
                exchange = exchange with { Answer = change(exchange) };
            }
        }
        return exchange.Answer;
    }
}
