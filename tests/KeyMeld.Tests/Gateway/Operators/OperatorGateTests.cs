using System.Net;
using System.Security.Cryptography;
using System.Text;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Operators;
using KeyMeld.Protocol.Errors;
using Microsoft.AspNetCore.Http;

namespace KeyMeld.Tests.Gateway.Operators;

/// <summary>The rule alone, for peers that a test on this machine cannot be.</summary>
public class OperatorGateTests
{
    private const string Token = "operators-token";
    private static readonly OperatorListener Listener = new(
        new IPEndPoint(IPAddress.Any, 9090), null, [IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("fd00::/8")], ["ops.internal"]);

    /// <summary>Production, token configured, on the operator's listener, peer, method, header; and what it must end as: null or the code.</summary>
    public static TheoryData<bool, bool, bool, string, string, string?, string?> Cases => new()
    {
        // Development, at this machine.
        { false, false, false, "127.0.0.1", "GET", null, null },
        { false, false, false, "127.0.0.1", "POST", null, null },
        { false, false, false, "::1", "GET", null, null },
        { false, false, false, "::ffff:127.0.0.1", "GET", null, null },
        { false, true, false, "127.0.0.1", "GET", null, null },
        { false, true, false, "127.0.0.1", "POST", null, ErrorCodes.Unauthorized },
        { false, true, false, "127.0.0.1", "POST", "Authorization: Bearer operators-token", null },
        { false, true, false, "127.0.0.1", "GET", "Authorization: Bearer another", ErrorCodes.Unauthorized },
        { false, true, false, "127.0.0.1", "GET", "Authorization: bearer operators-token", ErrorCodes.Unauthorized },
        { false, true, false, "127.0.0.1", "GET", "Authorization: Basic b3BlcmF0b3Jz", ErrorCodes.Unauthorized },

        // Development, from elsewhere, or for somebody elsewhere.
        { false, false, false, "192.0.2.1", "GET", null, ErrorCodes.NotFound },
        { false, true, false, "192.0.2.1", "GET", null, ErrorCodes.Unauthorized },
        { false, false, false, "", "GET", null, ErrorCodes.NotFound },
        { false, false, false, "127.0.0.1", "GET", "X-Forwarded-For: 127.0.0.1", ErrorCodes.NotFound },
        { false, false, false, "127.0.0.1", "GET", "x-forwarded-host: localhost", ErrorCodes.NotFound },
        { false, false, false, "127.0.0.1", "GET", "Forwarded: for=127.0.0.1", ErrorCodes.NotFound },
        { false, false, false, "127.0.0.1", "GET", "X-Real-IP: 127.0.0.1", ErrorCodes.NotFound },
        { false, false, false, "127.0.0.1", "GET", "Via: 1.1 proxy", ErrorCodes.NotFound },

        // Production: the place is nothing on the main listener.
        { true, false, false, "127.0.0.1", "GET", null, ErrorCodes.NotFound },
        { true, false, false, "10.1.2.3", "GET", null, ErrorCodes.NotFound },
        { true, true, false, "127.0.0.1", "GET", null, ErrorCodes.Unauthorized },
        { true, true, false, "192.0.2.1", "POST", "Authorization: Bearer operators-token", null },
        { true, false, false, "192.0.2.1", "POST", "Authorization: Bearer operators-token", ErrorCodes.NotFound },

        // On the operator's listener: loopback, the unix socket and the named networks.
        { true, false, true, "127.0.0.1", "POST", null, null },
        { true, true, true, "127.0.0.1", "POST", null, null },
        { true, false, true, "", "POST", null, null },
        { true, false, true, "10.1.2.3", "POST", null, null },
        { true, false, true, "::ffff:10.1.2.3", "POST", null, null },
        { true, false, true, "fd12::7", "GET", null, null },
        { true, false, true, "10.2.0.1", "GET", null, ErrorCodes.NotFound },
        { true, true, true, "10.2.0.1", "GET", null, ErrorCodes.Unauthorized },
        { true, true, true, "10.2.0.1", "GET", "Authorization: Bearer operators-token", null },
        { true, true, true, "127.0.0.1", "GET", "Authorization: Bearer another", ErrorCodes.Unauthorized },
        { false, false, true, "192.0.2.1", "GET", null, ErrorCodes.NotFound },

        // Where the place stands in for a token, foreign pages do not borrow it.
        { false, false, false, "127.0.0.1", "GET", "Host: evil.example", ErrorCodes.Unauthorized },
        { false, false, false, "127.0.0.1", "GET", "Host: ops.internal.evil.example", ErrorCodes.Unauthorized },
        { false, false, false, "127.0.0.1", "GET", "Host: ", ErrorCodes.Unauthorized },
        { false, false, false, "127.0.0.1", "GET", "Host: 127.0.0.1:8090", null },
        { false, false, false, "127.0.0.1", "GET", "Host: [::1]:8090", null },
        { true, false, true, "10.1.2.3", "GET", "Host: OPS.internal:9090", null },
        { true, false, true, "10.1.2.3", "GET", "Host: evil.example", ErrorCodes.Unauthorized },
        { false, false, false, "127.0.0.1", "POST", "Origin: https://evil.example", ErrorCodes.Unauthorized },
        { false, false, false, "127.0.0.1", "POST", "Origin: null", ErrorCodes.Unauthorized },
        { false, false, false, "127.0.0.1", "POST", "Origin: http://localhost:9999", ErrorCodes.Unauthorized },
        { false, false, false, "127.0.0.1", "POST", "Origin: https://localhost:8090", ErrorCodes.Unauthorized },
        { false, false, false, "127.0.0.1", "POST", "Origin: http://localhost:8090", null },
        { false, false, false, "127.0.0.1", "GET", "Sec-Fetch-Site: cross-site", ErrorCodes.Unauthorized },
        { false, false, false, "127.0.0.1", "GET", "Sec-Fetch-Site: same-site", ErrorCodes.Unauthorized },
        { false, false, false, "127.0.0.1", "GET", "Sec-Fetch-Site: same-origin", null },
        { false, false, false, "127.0.0.1", "GET", "Sec-Fetch-Site: none", null },
        { true, false, true, "127.0.0.1", "POST", "Origin: https://evil.example", ErrorCodes.Unauthorized },
        { true, false, true, "", "POST", "Sec-Fetch-Site: cross-site", ErrorCodes.Unauthorized },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Operators_come_in_by_token_or_place_and_nobody_else(bool production, bool token, bool operators, string peer, string method, string? header, string? code)
    {
        var settings = Settings(production, token);
        var context = new DefaultHttpContext();
        context.Request.Method = method;
        context.Request.Scheme = "http";
        context.Request.Host = new HostString("localhost:8090");
        context.Connection.RemoteIpAddress = peer.Length == 0 ? null : IPAddress.Parse(peer);
        if (operators)
        {
            context.Features.Set(OperatorConnection.Mark);
        }
        if (header is not null)
        {
            var colon = header.IndexOf(':', StringComparison.Ordinal);
            context.Request.Headers[header[..colon]] = header[(colon + 2)..];
        }

        var refusal = Record.Exception(() => new OperatorGate(settings).Require(context));

        Assert.Equal(code, (refusal as KeyMeldException)?.Code);
        Assert.Equal(code is null, refusal is null);
    }

    private static GatewaySettings Settings(bool production, bool token) => SettingsReader.Read(
        """
        mode: development
        server: { listen: "http://127.0.0.1:8090", public_url: "http://127.0.0.1:8090" }
        storage: { kind: sqlite, path: "data/keymeld.db" }
        kms: { enabled: true, endpoint_url: null, key_id: "alias/keymeld", enable_attestation: false }
        enclaves: [ { id: 0, address: "unix:data/run/enclave-0.sock" } ]
        """, new Dictionary<string, string>()) with
    {
        Production = production,
        OperatorTokenHash = token ? [.. SHA256.HashData(Encoding.UTF8.GetBytes(Token))] : null,
        OperatorListener = Listener,
    };
}
