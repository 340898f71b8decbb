using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;
using Microsoft.Extensions.Time.Testing;

namespace KeyMeld.Tests.Client.Support;

/// <summary>A call as the gateway saw it.</summary>
internal sealed record SeenCall(string Method, string Target, byte[] Body, string? Prefer, bool IsAuthorized);

/// <summary>
/// A gateway with its enclaves in one object, honest until a test tampers with what it answers. What it does is real: envelopes open, rosters form, MuSig2 signs.
/// </summary>
internal sealed partial class FakeGateway(FakeTimeProvider clock) : HttpMessageHandler
{
    public static readonly Uri Address = new("http://127.0.0.1:8090/");
    private readonly Dictionary<Type, Func<object, object>> _tampering = [];

    public List<FakeEnclave> Enclaves { get; } = [];

    public Dictionary<Hash32, FakeGroup> Groups { get; } = [];

    public Dictionary<Hash32, FakeSigning> Signings { get; } = [];

    public List<SeenCall> Calls { get; } = [];

    public IEnumerable<SeenCall> Posts => Calls.Where(call => call.Method == "POST");

    /// <summary>Answers in place of the gateway, when it returns something.</summary>
    public Func<SeenCall, HttpResponseMessage?>? Intercept { get; set; }

    /// <summary>Runs each time the gateway holds an answer back (Prefer: wait).</summary>
    public Action? OnWait { get; set; }

    /// <summary>Changes every answer of one kind.</summary>
    public void Tamper<T>(Func<T, T> change)
        where T : class => _tampering[typeof(T)] = answer => change((T)answer);

    public void BeHonest()
    {
        _tampering.Clear();
        Intercept = null;
    }

    public static HttpResponseMessage Problem(string code, int? status = null) =>
        Json(ProtocolJson.Utf8(new ProblemJson(code, Detail: "by the fake gateway"), ProtocolJson.Default.ProblemJson), status ?? ErrorCodes.Get(code).Status, "application/problem+json");

    public static HttpResponseMessage Json(byte[] body, int status = 200, string type = "application/json")
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new ByteArrayContent(body) };
        response.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return response;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        var target = request.RequestUri!.PathAndQuery;
        var authorization = request.Headers.TryGetValues("Authorization", out var values) ? values.Single() : null;
        var prefer = request.Headers.TryGetValues("Prefer", out var preferences) ? preferences.Single() : null;
        var call = new SeenCall(request.Method.Method, target, body, prefer, authorization is not null);
        lock (Calls)
        {
            Calls.Add(call);
            if (Intercept?.Invoke(call) is { } intercepted)
            {
                return intercepted;
            }
            try
            {
                return Answer(call, Reader(call, authorization));
            }
            catch (KeyMeldException error)
            {
                return Problem(error.Code);
            }
        }
    }

    private static XOnlyPublicKey? Reader(SeenCall call, string? authorization)
    {
        if (authorization is null)
        {
            return null;
        }
        return RequestAuthorization.TryParse(authorization, out var parsed) && parsed!.Verify(call.Method, "127.0.0.1:8090", call.Target, call.Body)
            ? parsed.Key
            : throw new KeyMeldException(ErrorCodes.Unauthorized, "The call is not signed.");
    }

    private HttpResponseMessage Answer(SeenCall call, XOnlyPublicKey? reader)
    {
        if (call is { Method: "GET", Target: "/api/v1/enclaves" })
        {
            return Send(new EnclaveListJson([.. Enclaves.Select(enclave => new EnclaveJson(enclave.Number, "ready", Key: enclave.Key))]), ProtocolJson.Default.EnclaveListJson);
        }
        if (IdentityPath().Match(call.Target) is { Success: true } identity)
        {
            var enclave = Enclaves.Single(candidate => candidate.Number == int.Parse(identity.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));
            var (document, attestation) = enclave.Attest(Convert.FromHexString(identity.Groups[2].Value));
            return Send(new IdentityJson(document, attestation), ProtocolJson.Default.IdentityJson);
        }
        var path = call.Target.Split('/', StringSplitOptions.RemoveEmptyEntries)[2..];
        return path switch
        {
            ["keygen"] => CreateGroup(call),
            ["keygen", var group] => ShowGroup(call, Group(group), reader),
            ["keygen", var group, "make-key"] => MakeMemberKey(call, Group(group), reader),
            ["keygen", var group, var action] => ChangeGroup(call, Group(group), action),
            ["keys"] => call.Method == "POST" ? PostKey(call, reader) : ListKeys(reader),
            ["keys", var key, var action] => ChangeKey(call, key, action),
            ["signing"] => PostSigning(call),
            ["signing", var request] => ShowSigning(call, Signing(request), reader),
            ["signing", var request, var action] => ChangeSigning(call, Signing(request), action),
            _ => throw new KeyMeldException(ErrorCodes.NotFound, "There is no such resource."),
        };
    }

    private FakeGroup Group(string id) => Groups.GetValueOrDefault(Hash32.Parse(id)) ?? throw new KeyMeldException(ErrorCodes.NotFound, "There is no such group.");

    private FakeSigning Signing(string id) => Signings.GetValueOrDefault(Hash32.Parse(id)) ?? throw new KeyMeldException(ErrorCodes.NotFound, "There is no such signing.");

    private HttpResponseMessage Send<T>(T answer, JsonTypeInfo<T> type, int status = 200)
        where T : class
    {
        var tampered = _tampering.TryGetValue(typeof(T), out var change) ? (T)change(answer) : answer;
        return Json(ProtocolJson.Utf8(tampered, type), status);
    }

    private void Hold(SeenCall call, Func<bool> isFinal)
    {
        if (call.Prefer is { } prefer && !isFinal())
        {
            OnWait?.Invoke();
            if (!isFinal())
            {
                clock.Advance(TimeSpan.FromSeconds(int.Parse(prefer["wait=".Length..], System.Globalization.CultureInfo.InvariantCulture)));
            }
        }
    }

    [GeneratedRegex("^/api/v1/enclaves/([0-9]+)/identity\\?nonce=([0-9a-f]{64})$")]
    private static partial Regex IdentityPath();
}
