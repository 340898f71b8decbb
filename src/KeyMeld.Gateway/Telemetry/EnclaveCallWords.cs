using System.Collections.Frozen;
using KeyMeld.Gateway.Fleet;

namespace KeyMeld.Gateway.Telemetry;

/// <summary>The labels of the calls of <see cref="EnclaveCalls"/>, by the method's name: the set is closed.</summary>
internal static class EnclaveCallWords
{
    public static readonly FrozenDictionary<string, string> All = new Dictionary<string, string>
    {
        [nameof(EnclaveCalls.GetStatusAsync)] = "get_status",
        [nameof(EnclaveCalls.ConfigureAsync)] = "configure",
        [nameof(EnclaveCalls.PushCredentialsAsync)] = "push_credentials",
        [nameof(EnclaveCalls.GenesisAsync)] = "genesis",
        [nameof(EnclaveCalls.RewrapAsync)] = "rewrap",
        [nameof(EnclaveCalls.GetIdentityAsync)] = "get_identity",
        [nameof(EnclaveCalls.CheckKeygenAsync)] = "check_keygen",
        [nameof(EnclaveCalls.CheckRegistrationAsync)] = "check_registration",
        [nameof(EnclaveCalls.LoadGroupAsync)] = "load_group",
        [nameof(EnclaveCalls.OpenAsync)] = "open",
        [nameof(EnclaveCalls.SignAsync)] = "sign",
        [nameof(EnclaveCalls.CombineAsync)] = "combine",
        [nameof(EnclaveCalls.MakeMemberKeyAsync)] = "make_member_key",
        [nameof(EnclaveCalls.AddKeyAsync)] = "add_key",
        [nameof(EnclaveCalls.SingleSignAsync)] = "single_sign",
        [nameof(EnclaveCalls.ForgetKeyAsync)] = "forget_key",
        [nameof(EnclaveCalls.ForgetAsync)] = "forget",
    }.ToFrozenDictionary();
}
