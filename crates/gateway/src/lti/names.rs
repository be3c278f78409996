//! Names that the standard gives to things (LTI 1.3 and its Advantage services).

/// The version that every message states (LTI 1.3, 5.3.2).
pub const VERSION: &str = "1.3.0";

/// Claims of a message (LTI 1.3, 5.3 and 5.4).
pub mod claim {
    pub const MESSAGE: &str = "https://purl.imsglobal.org/spec/lti/claim/message_type";
    pub const VERSION: &str = "https://purl.imsglobal.org/spec/lti/claim/version";
    pub const DEPLOYMENT: &str = "https://purl.imsglobal.org/spec/lti/claim/deployment_id";
    pub const TARGET: &str = "https://purl.imsglobal.org/spec/lti/claim/target_link_uri";
    pub const LINK: &str = "https://purl.imsglobal.org/spec/lti/claim/resource_link";
    pub const ROLES: &str = "https://purl.imsglobal.org/spec/lti/claim/roles";
    pub const CONTEXT: &str = "https://purl.imsglobal.org/spec/lti/claim/context";
    pub const PLATFORM: &str = "https://purl.imsglobal.org/spec/lti/claim/tool_platform";
    pub const PRESENTATION: &str = "https://purl.imsglobal.org/spec/lti/claim/launch_presentation";
    pub const CUSTOM: &str = "https://purl.imsglobal.org/spec/lti/claim/custom";
    /// Assignment and Grade Services 2.0, 3.1.
    pub const GRADES: &str = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint";
    /// Names and Role Provisioning Services 2.0, 3.6.1.
    pub const MEMBERS: &str = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice";
    /// Deep Linking 2.0, 4.4.1.
    pub const SETTINGS: &str = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings";
    /// Deep Linking 2.0, 4.5.3.
    pub const ITEMS: &str = "https://purl.imsglobal.org/spec/lti-dl/claim/content_items";
    /// Deep Linking 2.0, 4.5.4: what our settings said under `data`.
    pub const DATA: &str = "https://purl.imsglobal.org/spec/lti-dl/claim/data";
    /// Deep Linking 2.0, 4.5.6: what the tool wants somebody to read who gave nothing back.
    pub const ERROR: &str = "https://purl.imsglobal.org/spec/lti-dl/claim/errormsg";
}

/// Kinds of messages.
pub mod message {
    pub const LAUNCH: &str = "LtiResourceLinkRequest";
    pub const PICK: &str = "LtiDeepLinkingRequest";
    pub const PICKED: &str = "LtiDeepLinkingResponse";
}

/// Roles (LTI 1.3, appendix A).
pub mod role {
    pub const LEARNER: &str = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner";
    pub const DEVELOPER: &str = "http://purl.imsglobal.org/vocab/lis/v2/membership#ContentDeveloper";
    pub const ADMINISTRATOR: &str = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator";
    pub const OFFERING: &str = "http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering";
}

/// What a token of the tool may be good for.
pub mod scope {
    pub const LINES: &str = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem";
    pub const LINES_READ: &str = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly";
    pub const RESULTS: &str = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly";
    pub const SCORE: &str = "https://purl.imsglobal.org/spec/lti-ags/scope/score";
    pub const MEMBERS: &str = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly";
    /// Those of the grade services.
    pub const GRADES: [&str; 4] = [LINES, LINES_READ, RESULTS, SCORE];
    /// All there are.
    pub const ALL: [&str; 5] = [LINES, LINES_READ, RESULTS, SCORE, MEMBERS];
}

/// Media types.
pub mod media {
    pub const LINE: &str = "application/vnd.ims.lis.v2.lineitem+json";
    pub const LINES: &str = "application/vnd.ims.lis.v2.lineitemcontainer+json";
    pub const RESULTS: &str = "application/vnd.ims.lis.v2.resultcontainer+json";
    pub const MEMBERS: &str = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json";
}

/// What a tool says of itself beside its registration as a client (Dynamic Registration 1.0, 3.5.2).
pub const TOOL: &str = "https://purl.imsglobal.org/spec/lti-tool-configuration";
/// What we say of ourselves beside our configuration (Dynamic Registration 1.0, 3.4.1).
pub const PLATFORM: &str = "https://purl.imsglobal.org/spec/lti-platform-configuration";
/// How a tool proves itself to the token endpoint (RFC 7523, 2.2).
pub const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
