using System.Globalization;
using Google.Protobuf;
using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Operations;

/// <summary>GET /enclaves/{id}/identity?nonce=: the enclave's own word who it is, attested over the caller's nonce.</summary>
internal sealed class ShowIdentity(GatewayParts parts)
{
    private const string NonceQuery = "?nonce=";

    public static readonly Operation Operation = new("showIdentity", Tags.Enclaves, "Get an enclave's attested identity")
    {
        Description = "The enclave's identity document with an attestation document over it and the caller's nonce. Nothing of it is to be believed before chain, measurements, nonce, time and mode are verified "
            + "(protocol section 3). It costs the enclave an attestation document and has a rate limit of its own.",
        Parameters = [Parameter.Enclave, new Parameter("nonce", "query", "Hash32", "32 random bytes of the caller, fresh for this call.")],
        Replies = [Reply.Ok(ProtocolJson.Default.IdentityJson)],
        Errors = [.. Refusals.OfEnclave, ErrorCodes.AttestationUnavailable],
    };

    public async Task HandleAsync(HttpContext context)
    {
        parts.Limits.Identity(context);
        var query = context.Request.QueryString.Value ?? "";
        if (!query.StartsWith(NonceQuery, StringComparison.Ordinal) || !Hash32.TryParse(query.AsSpan(NonceQuery.Length), out var nonce))
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "The query must be nonce= and 64 lower-case hex digits.");
        }
        var text = (string?)context.Request.RouteValues["id"];
        var isCanonical = uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id.ToString(CultureInfo.InvariantCulture) == text;
        var link = (isCanonical ? parts.Fleet.Find(id) : null) ?? throw new KeyMeldException(ErrorCodes.NotFound, "There is no such enclave.");
        await link.WhenLookedAtAsync(context.RequestAborted);
        var reply = await link.RequireReady().GetIdentityAsync(new GetIdentityRequest { Nonce = ByteString.CopyFrom(nonce.Bytes) }, context.RequestAborted);
        var identity = new IdentityJson(reply.Identity.ToByteArray(), reply.Attestation.ToByteArray());
        await Answers.JsonAsync(context, StatusCodes.Status200OK, identity, ProtocolJson.Default.IdentityJson);
    }
}
